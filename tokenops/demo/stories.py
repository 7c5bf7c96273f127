"""Token Stories in every state of their life, filed and decided by the people who would."""

import dataclasses
import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from apps.access.actors import Actor
from apps.access.roles import Role
from apps.approvals import selectors as approvals
from apps.approvals.services import Asked, decide
from apps.common import clock
from apps.common.money import NANOS
from apps.stories import services
from apps.stories.enums import Pattern, ValuePer
from apps.stories.models import StoryTemplate, TokenStory
from apps.stories.selectors.settings import settings_in_force
from apps.stories.selectors.stories import draft_of, story_by_id
from apps.stories.services.plan import PlanInput, plan_of
from tokenops.demo.design import review_of
from tokenops.demo.organization import Demo
from tokenops.demo.profile import assumptions, measure
from tokenops.simulator.company import COMPANY


@dataclass(frozen=True, slots=True)
class Filing:
    """One story: whose, how optimistic, how long ago and how far it came.

    `upto`: draft, submitted, changes, rejected, approved, delivery or live. `times`: the value
    of a month against its cost, negative where the metric falls.
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


FILINGS = (
    Filing("claims-intake", "Structured claims from first notice", 112, "0.78", "live",
           "Minutes of handling, all claims", "minutes", "-3.1", "0.85",
           "Handlers no longer retype what the customer has said.", 5),
    Filing("agent-assist", "Answers beside the call", 108, "0.92", "live",
           "Minutes of handling, all calls", "minutes", "-2.2", "0.95",
           "Agents find the answer while the customer still talks.", 4),
    Filing("policy-chat", "Policy assistant in the app", 101, "0.66", "live",
           "Calls that reach an agent", "calls", "-1.8", "6.40",
           "A fifth of the chats replace a call.", 6),
    Filing("code-assistant", "Coding assistant for all engineers", 98, "1.05", "live",
           "Engineering hours for other work", "hours", "4.2", "78",
           "Measured in the pilot with 60 engineers.", 2),
    Filing("contract-extraction", "Obligations from large contracts", 94, "0.71", "live",
           "Hours of reading contracts", "hours", "-1.4", "64",
           "Underwriters read exceptions instead of every page."),
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
           "Business users answer their own questions."),
    Filing("migration-agent", "Runtime migration by agents", 9, "0.60", "submitted",
           "Repositories migrated", "repositories", "1.2", "2600",
           "Frees two teams from a year of moving.", 4),
    Filing("quote-helper", "Household quotes from a few sentences", 6, "0.90", "submitted",
           "Quotes completed", "quotes", "2.8", "9",
           "Fewer customers give up halfway."),
    Filing("voice-line", "Voice line for address changes", 20, "0.75", "changes",
           "Calls that reach an agent", "calls", "-1.5", "5.20",
           "The simple third of calls needs nobody."),
    Filing("content-drafts", "Campaign drafts", 40, "1.00", "rejected",
           "Hours of writing campaigns", "hours", "-0.7", "45",
           "Editors start from a draft."),
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
    "quote-helper": Pattern.CHATBOT, "voice-line": Pattern.CHATBOT,
    "churn-insights": Pattern.ANALYTICS,
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
    "code-assistant": ("1.1", "Cycle times of 60 engineers, a quarter against the one before."),
}
"""Measured against expected, and how it was measured. The other stories that are due owe it."""
AMENDED = "invoice-coding"
MANDATORY_FROM = 25_000 * NANOS
MARGIN = Decimal("1.25")
BASELINE = 6
"""What is measured today, in multiples of the change that is expected."""


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
    change = _change(filing, Decimal(measured.cost_nanos) * bias / NANOS)
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
        value_baseline=abs(change) * BASELINE,
        value_change=change,
        value_per=ValuePer.MONTH.value,
        value_money_nanos=int(Decimal(filing.money) * NANOS),
        value_confidence="medium",
        value_measure_on=moment.date() + dt.timedelta(days=MEASURED_AFTER),
        value_owner_id=author.membership_id,
        value_why=filing.why,
        design=review_of(filing.slug),
    )
    with clock.at(moment):
        story = services.create_draft(actor=author, plan=plan)
        if filing.upto == "draft":
            return
        story = services.submit(actor=author, story_id=story.id, version=story.version)
    _decide(demo, story, filing, moment + dt.timedelta(days=2))
    _advance(demo, story, filing, moment, change)


def _change(filing: Filing, month_cost: Decimal) -> Decimal:
    """Units a month that are worth `times` the month's cost, to two digits as people say them."""
    exact = month_cost * Decimal(filing.times) / Decimal(filing.money)
    digits = max(exact.adjusted() - 1, 0)
    rounded = round(exact.scaleb(-digits)) * Decimal(10) ** digits
    return rounded or Decimal(1).copy_sign(exact)


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


def _advance(
    demo: Demo, story: TokenStory, filing: Filing, moment: dt.datetime, change: Decimal
) -> None:
    author = demo.lead_of(COMPANY.capability(filing.slug).team)
    if filing.upto in {"delivery", "live"}:
        with clock.at(moment + dt.timedelta(days=4)):
            services.start_delivery(actor=author, story_id=story.id)
    if filing.upto == "live":
        with clock.at(moment + dt.timedelta(days=14)):
            services.go_live(actor=author, story_id=story.id)
    if filing.slug in REPORTS:
        share, note = REPORTS[filing.slug]
        on = moment + dt.timedelta(days=MEASURED_AFTER + 5)
        with clock.at(on):
            services.report_value(
                actor=author,
                story_id=story.id,
                measured_change=change * Decimal(share),
                measured_on=on.date() - dt.timedelta(days=1),
                note=note,
            )
    if filing.slug == AMENDED:
        with clock.at(moment + dt.timedelta(days=30)):
            _amend_a_little(story_by_id(story.id), author)


def _amend_a_little(story: TokenStory, author: Actor) -> None:
    """Five in a hundred more: within what was approved, so in force at once."""
    story = services.amend(actor=author, story_id=story.id)
    draft = draft_of(story)
    if draft is None or draft.cap_nanos is None:
        return
    plan = dataclasses.replace(plan_of(draft), cap_nanos=draft.cap_nanos * 105 // 100)
    story = services.save_draft(actor=author, story_id=story.id, version=story.version, plan=plan)
    services.submit(
        actor=author,
        story_id=story.id,
        version=story.version,
        note="A little more room at the end of the quarter.",
    )
