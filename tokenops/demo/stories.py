"""Token Stories in every state of their life, filed and decided by the people who would."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from apps.access.roles import Role
from apps.approvals import selectors as approvals
from apps.approvals.services import Asked, decide
from apps.common import clock
from apps.common.money import NANOS
from apps.stories import services
from apps.stories.enums import Pattern
from apps.stories.models import StoryTemplate, TokenStory
from apps.stories.selectors.settings import settings_in_force
from apps.stories.services.plan import PlanInput
from tokenops.demo.organization import Demo
from tokenops.demo.profile import assumptions, measure
from tokenops.simulator.company import COMPANY


@dataclass(frozen=True, slots=True)
class Filing:
    """One story: whose, how optimistic, how long ago and how far it came.

    `upto`: draft, submitted, changes, rejected, approved, delivery or live.
    """

    slug: str
    title: str
    days_ago: int
    bias: str
    upto: str
    metric: str
    unit: str
    change: str
    money: str
    why: str
    developers: int = 3


FILINGS = (
    Filing("claims-intake", "Structured claims from first notice", 112, "0.78", "live",
           "Minutes of handling per claim", "minutes", "11", "0.85",
           "Handlers no longer retype what the customer has said.", 5),
    Filing("agent-assist", "Answers beside the call", 108, "0.92", "live",
           "Average handling time", "minutes", "1.4", "0.95",
           "Agents find the answer while the customer still talks.", 4),
    Filing("policy-chat", "Policy assistant in the app", 101, "0.66", "live",
           "Calls avoided", "calls", "0.22", "6.40",
           "A fifth of the chats replace a call.", 6),
    Filing("code-assistant", "Coding assistant for all engineers", 98, "1.05", "live",
           "Engineering hours saved", "hours", "0.02", "78",
           "Measured in the pilot with 60 engineers.", 2),
    Filing("contract-extraction", "Obligations from large contracts", 94, "0.71", "live",
           "Hours of reading per contract", "hours", "0.35", "64",
           "Underwriters read exceptions instead of every page."),
    Filing("submission-triage", "Broker submissions by priority", 83, "1.12", "live",
           "Quotes returned the same day", "quotes", "0.08", "21",
           "Good submissions no longer wait behind poor ones."),
    Filing("fraud-signals", "Explained fraud signals", 76, "0.95", "live",
           "Leakage prevented", "claims", "0.004", "910",
           "Each explained signal saves an investigator an hour."),
    Filing("code-review", "Review before the reviewer", 62, "0.88", "delivery",
           "Defects found before merge", "defects", "0.06", "140",
           "Fewer late defects in the payment services."),
    Filing("invoice-coding", "Account codes for incoming invoices", 45, "1.20", "live",
           "Minutes per invoice", "minutes", "3", "0.70",
           "Clerks confirm instead of typing."),
    Filing("catalogue-enrichment", "A described data catalogue", 30, "1.00", "approved",
           "Hours to find a table", "hours", "0.5", "55",
           "Analysts stop asking who knows the table."),
    Filing("text-to-sql", "Ask the warehouse", 12, "0.85", "submitted",
           "Reports without an analyst", "reports", "0.4", "48",
           "Business users answer their own questions."),
    Filing("migration-agent", "Runtime migration by agents", 9, "0.60", "submitted",
           "Repositories migrated", "repositories", "0.01", "2600",
           "Frees two teams from a year of moving.", 4),
    Filing("quote-helper", "Household quotes from a few sentences", 6, "0.90", "submitted",
           "Quotes completed", "quotes", "0.05", "9",
           "Fewer customers give up halfway."),
    Filing("voice-line", "Voice line for address changes", 20, "0.75", "changes",
           "Calls handled without an agent", "calls", "0.5", "5.20",
           "The simple third of calls needs nobody."),
    Filing("content-drafts", "Campaign drafts", 40, "1.00", "rejected",
           "Hours per campaign", "hours", "0.1", "45",
           "Editors start from a draft."),
    Filing("churn-insights", "Reasons for cancellations, weekly", 2, "1.00", "draft",
           "Customers kept", "customers", "0.01", "260",
           "Teams see the reasons within a week."),
)  # fmt: skip

PATTERNS = {
    "claims-intake": Pattern.DOCUMENTS, "agent-assist": Pattern.RETRIEVAL,
    "policy-chat": Pattern.CHATBOT, "code-assistant": Pattern.CODING,
    "contract-extraction": Pattern.DOCUMENTS, "submission-triage": Pattern.AGENT,
    "fraud-signals": Pattern.AGENT, "code-review": Pattern.CODING,
    "invoice-coding": Pattern.DOCUMENTS, "catalogue-enrichment": Pattern.DOCUMENTS,
    "text-to-sql": Pattern.ANALYTICS, "migration-agent": Pattern.AGENT,
    "quote-helper": Pattern.CHATBOT, "voice-line": Pattern.CHATBOT,
    "churn-insights": Pattern.ANALYTICS,
}  # fmt: skip
TEMPLATES = {
    "Structured claims from first notice": (
        "Structured data from documents", "Reads a document twice, in batches at night."),
    "Answers beside the call": (
        "Answers from our own pages", "Two calls: find the passage, then answer with its source."),
}  # fmt: skip
MANDATORY_FROM = 25_000 * NANOS
MARGIN = Decimal("1.25")


def ensure_stories(demo: Demo, now: dt.datetime) -> None:
    """File what is not filed yet, oldest first. Inside the organization's scope."""
    filed = set(TokenStory.objects.values_list("title", flat=True))
    for filing in FILINGS:
        if filing.title not in filed:
            _file(demo, filing, now)


def ensure_estimating(demo: Demo) -> None:
    """What the CFO and TokenOps set about estimating: an amount, and two templates kept."""
    if settings_in_force().value_from_nanos is None:
        services.change_value_policy(
            actor=demo.role(Role.CFO),
            version=settings_in_force().version,
            from_nanos=MANDATORY_FROM,
            reason="The board asks what the larger ones bring.",
        )
    kept = set(StoryTemplate.objects.values_list("name", flat=True))
    for title, (name, description) in TEMPLATES.items():
        story = TokenStory.objects.filter(title=title).first()
        if story is not None and name not in kept:
            services.save_as_template(
                actor=demo.role(Role.TOKENOPS_LEAD),
                ref=story.ref,
                name=name,
                description=description,
            )


def _file(demo: Demo, filing: Filing, now: dt.datetime) -> None:
    capability = COMPANY.capability(filing.slug)
    measured = measure(demo.capabilities[filing.slug], now.date())
    if not measured.models:
        return
    author = demo.lead_of(capability.team)
    moment = now - dt.timedelta(days=filing.days_ago)
    bias = Decimal(filing.bias)
    cap = int(Decimal(measured.cost_nanos) * bias * MARGIN) // (100 * NANOS) + 1
    plan = PlanInput(
        title=filing.title,
        unit_id=demo.units[capability.team],
        capability_id=demo.capabilities[filing.slug],
        kind=capability.kind,
        pattern=PATTERNS[filing.slug].value if filing.slug in PATTERNS else "",
        summary=capability.description,
        assumptions=assumptions(measured, moment.date(), bias, filing.developers),
        cap_nanos=cap * 100 * NANOS,
        value_metric=filing.metric,
        value_unit=filing.unit,
        value_baseline=Decimal(0),
        value_change=Decimal(filing.change),
        value_money_nanos=int(Decimal(filing.money) * NANOS),
        value_confidence="medium",
        value_measure_on=moment.date() + dt.timedelta(days=120),
        value_owner_id=author.membership_id,
        value_why=filing.why,
    )
    with clock.at(moment):
        story = services.create_draft(actor=author, plan=plan)
        if filing.upto == "draft":
            return
        story = services.submit(actor=author, story_id=story.id, version=story.version)
    _decide(demo, story, filing, moment + dt.timedelta(days=2))
    _advance(demo, story, filing, moment)


def _decide(demo: Demo, story: TokenStory, filing: Filing, moment: dt.datetime) -> None:
    if filing.upto == "submitted":
        return
    request = approvals.open_request_of("story", story.id)
    if request is None:
        return
    answers = {
        "changes": ("request_changes", "Which calls would still reach an agent? Add the share."),
        "rejected": ("reject", "The agency contract already covers drafts. Come back with a gap."),
    }
    decision, note = answers.get(filing.upto, ("approve", "Worth it. True up after a quarter."))
    decider = demo.role(Role.CFO if filing.days_ago % 2 else Role.TOKENOPS_LEAD)
    with clock.at(moment):
        decide(
            actor=decider,
            request_id=request.id,
            version=request.version,
            decision=decision,
            note=note,
            reason="duplicate" if decision == "reject" else "",
            conditions=_conditions(filing, moment) if decision == "approve" else (),
        )


def _conditions(filing: Filing, moment: dt.datetime) -> tuple[Asked, ...]:
    """What approvals of larger teams ask for; some of it is overdue by now."""
    if filing.developers < 4:
        return ()
    due = moment.date() + dt.timedelta(days=90)
    return (Asked("Report the value after a quarter", due), Asked("Trim the retrieved context"))


def _advance(demo: Demo, story: TokenStory, filing: Filing, moment: dt.datetime) -> None:
    author = demo.lead_of(COMPANY.capability(filing.slug).team)
    if filing.upto in {"delivery", "live"}:
        with clock.at(moment + dt.timedelta(days=4)):
            services.start_delivery(actor=author, story_id=story.id)
    if filing.upto == "live":
        with clock.at(moment + dt.timedelta(days=14)):
            services.go_live(actor=author, story_id=story.id)
