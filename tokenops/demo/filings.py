"""What was filed: every story of the demonstration, how it was estimated and how far it came."""

from dataclasses import dataclass

from apps.stories.enums import Pattern


@dataclass(frozen=True, slots=True)
class Filing:
    """One story: whose, how optimistic, how long ago and how far it came.

    `upto`: draft, submitted, changes, rejected, approved, delivery or live. Of those that wait or
    were turned down, `passed` is how many had approved by then. `times`: the value of a month
    against its cost, negative where the metric falls.
    """

    slug: str
    title: str
    days_ago: int
    bias: str
    upto: str
    metric: str
    unit: str
    times: str
    money: str
    why: str
    developers: int = 3
    passed: int = 0
    margin: str = "1.45"
    """The cap against the month: about the high case (P90) of most estimates."""


FILINGS = (
    Filing("claims-intake", "Structured claims from first notice", 112, "0.78", "live",
           "Minutes of handling, all claims", "minutes", "-3.1", "0.85",
           "Handlers no longer retype what the customer has said.", 5),
    Filing("agent-assist", "Answers beside the call", 108, "0.92", "live",
           "Minutes of handling, all calls", "minutes", "-2.2", "0.95",
           "Agents find the answer while the customer still talks.", 4),
    Filing("policy-chat", "Policy assistant in the app", 101, "0.61", "live",
           "Calls that reach an agent", "calls", "-1.8", "6.40",
           "A fifth of the chats replace a call.", 6, margin="1.4"),
    Filing("code-assistant", "Coding assistant for all engineers", 98, "1.05", "live",
           "Engineering hours for other work", "hours", "4.2", "78",
           "Measured in the pilot with 60 engineers.", 2),
    Filing("contract-extraction", "Obligations from large contracts", 94, "0.71", "live",
           "Hours of reading contracts", "hours", "-1.4", "64",
           "Underwriters read exceptions instead of every page.", margin="2.1"),
    Filing("submission-triage", "Broker submissions by priority", 83, "1.12", "live",
           "Quotes returned the same day", "quotes", "2.6", "21",
           "Good submissions no longer wait behind poor ones."),
    Filing("fraud-signals", "Explained fraud signals", 76, "0.95", "live",
           "Leakage prevented", "claims", "5.4", "910",
           "Each explained signal saves an investigator an hour."),
    Filing("code-review", "Review before the reviewer", 62, "0.88", "delivery",
           "Defects found after the merge", "defects", "-1.6", "140",
           "Fewer late defects in the payment services."),
    Filing("invoice-coding", "Account codes for incoming invoices", 45, "1.20", "live",
           "Minutes of coding invoices", "minutes", "-2.4", "0.70",
           "Clerks confirm instead of typing."),
    Filing("catalogue-enrichment", "A described data catalogue", 30, "1.00", "approved",
           "Hours to find tables", "hours", "-1.9", "55",
           "Analysts stop asking who knows the table."),
    Filing("text-to-sql", "Ask the warehouse", 12, "0.85", "submitted",
           "Reports without an analyst", "reports", "2.1", "48",
           "Business users answer their own questions.", passed=2),
    Filing("migration-agent", "Runtime migration by agents", 9, "0.60", "submitted",
           "Repositories migrated", "repositories", "1.2", "2600",
           "Frees two teams from a year of moving.", 4, passed=1),
    Filing("quote-helper", "Household quotes from a few sentences", 6, "0.90", "submitted",
           "Quotes completed", "quotes", "2.8", "9",
           "Fewer customers give up halfway."),
    Filing("feature-labelling", "Labels for the pricing models", 5, "0.95", "submitted",
           "Hours of labelling", "hours", "-2.3", "38",
           "Labels of a month are there in a night.", passed=1),
    Filing("incident-copilot", "Evidence before the incident call", 20, "0.75", "changes",
           "Hours of people on incidents", "hours", "-1.5", "95",
           "Causes are proposed before the first person joins.", passed=1),
    Filing("content-drafts", "Campaign drafts", 40, "1.00", "rejected",
           "Hours of writing campaigns", "hours", "-0.7", "45",
           "Editors start from a draft.", passed=2),
    Filing("regulatory-watch", "New regulation, mapped to controls", 52, "0.80", "live",
           "Hours of reading bulletins", "hours", "-2.0", "70",
           "Counsel reads what concerns us, the day it appears.", 1),
    Filing("policy-wordings", "Contradictions between wordings", 16, "0.85", "delivery",
           "Complaints about wordings", "complaints", "-1.7", "180",
           "Found before a customer finds them.", 1),
    Filing("churn-insights", "Reasons for cancellations, weekly", 2, "1.00", "draft",
           "Customers kept", "customers", "2.3", "260",
           "Teams see the reasons within a week."),
)  # fmt: skip

PATTERNS = {
    "claims-intake": Pattern.DOCUMENTS, "agent-assist": Pattern.RETRIEVAL,
    "policy-chat": Pattern.CHATBOT, "code-assistant": Pattern.CODING,
    "contract-extraction": Pattern.DOCUMENTS, "submission-triage": Pattern.AGENT,
    "fraud-signals": Pattern.AGENT, "code-review": Pattern.CODING,
    "invoice-coding": Pattern.DOCUMENTS, "catalogue-enrichment": Pattern.DOCUMENTS,
    "text-to-sql": Pattern.ANALYTICS, "migration-agent": Pattern.AGENT,
    "quote-helper": Pattern.CHATBOT, "incident-copilot": Pattern.AGENT,
    "churn-insights": Pattern.ANALYTICS, "regulatory-watch": Pattern.DOCUMENTS,
    "policy-wordings": Pattern.DOCUMENTS, "feature-labelling": Pattern.DOCUMENTS,
}  # fmt: skip
TEMPLATES = {
    "Structured claims from first notice": (
        "Structured data from documents", "Reads a document twice, in batches at night."),
    "Answers beside the call": (
        "Answers from our own pages", "Two calls: find the passage, then answer with its source."),
}  # fmt: skip
MEASURED_AFTER = 90
REPORTS = {
    "claims-intake": ("0.92", "Handling times of 3,400 claims of October against May's."),
    "agent-assist": ("0.45", "Calls of two teams with and two without, four weeks."),
    "policy-chat": ("0.35", "Calls that followed a chat within a day, October."),
    "contract-extraction": ("0.1", "Hours of two underwriters: every page is still read."),
    "code-assistant": ("1.1", "Cycle times of 60 engineers, a quarter against the one before."),
}
"""Measured against expected, and how it was measured. The other stories that are due owe it."""
AMENDED = "invoice-coding"
GROWN = "code-assistant"
"""Its amendment waits for the last step: a quarter more than was approved."""
REPLACED = "code-review"
TRUED_UP = "agent-assist"
LOWERED = "agent-assist"
"""The CFO approved nine tenths of what was asked."""
