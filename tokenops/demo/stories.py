"""Token Stories in every state of their life, filed and decided by the people who would."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal

from apps.access.actors import Actor
from apps.access.roles import Role
from apps.approvals import selectors as approvals
from apps.approvals.services import Asked
from apps.common import clock
from apps.common.money import NANOS
from apps.stories import services
from apps.stories.enums import ValuePer
from apps.stories.models import StoryTemplate, TokenStory
from apps.stories.selectors.settings import settings_in_force
from apps.stories.selectors.stories import draft_of, story_by_id
from apps.stories.services.plan import PlanInput, plan_of
from tokenops.demo.answers import Last, answer, at_work
from tokenops.demo.design import review_of
from tokenops.demo.filings import (
    AMENDED,
    FILINGS,
    GROWN,
    LOWERED,
    MEASURED_AFTER,
    PATTERNS,
    REPLACED,
    REPORTS,
    TEMPLATES,
    TRUED_UP,
    Filing,
)
from tokenops.demo.organization import Demo
from tokenops.demo.profile import assumptions, begins, measure
from tokenops.simulator.company import COMPANY

MANDATORY_FROM = 25_000 * NANOS
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
    moment = at_work(now - dt.timedelta(days=filing.days_ago))
    bias = Decimal(filing.bias)
    cap = int(Decimal(measured.cost_nanos) * bias * Decimal(filing.margin)) // (100 * NANOS) + 1
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
    decided = _decide(story, filing, moment, now)
    _advance(demo, story, filing, decided, now, change)


def _change(filing: Filing, month_cost: Decimal) -> Decimal:
    """Units a month that are worth `times` the month's cost, to two digits as people say them."""
    exact = month_cost * Decimal(filing.times) / Decimal(filing.money)
    digits = max(exact.adjusted() - 1, 0)
    rounded = round(exact.scaleb(-digits)) * Decimal(10) ** digits
    return rounded or Decimal(1).copy_sign(exact)


def _decide(
    story: TokenStory, filing: Filing, moment: dt.datetime, now: dt.datetime
) -> dt.datetime:
    """Along its route as far as it came; the moment of the last answer."""
    request = approvals.open_request_of("story", story.id)
    if request is None:
        return moment
    lower = (story.cap_nanos or 0) * 9 // 10 if filing.slug == LOWERED else None
    return answer(
        request,
        moment,
        now,
        number=story.number,
        last=_last(filing),
        conditions=_conditions(filing, moment),
        lower_to=lower,
    )


def _last(filing: Filing) -> Last | None:
    if filing.upto == "submitted":
        return Last(filing.passed)
    if filing.upto == "changes":
        note = "How many incidents a month, and which of them are worth it? Add the share."
        return Last(filing.passed, "request_changes", note)
    if filing.upto == "rejected":
        note = "The agency contract already covers drafts. Come back with a gap."
        return Last(filing.passed, "reject", note, "duplicate")
    return None


def _conditions(filing: Filing, moment: dt.datetime) -> Mapping[str, Sequence[Asked]]:
    """What approvals of larger teams ask for; some of it is overdue by now."""
    if filing.developers < 4:
        return {}
    due = moment.date() + dt.timedelta(days=90)
    return {
        "Architecture": (Asked("Trim the retrieved context"),),
        "Finance": (Asked("Report the value after a quarter", due),),
    }


def _advance(
    demo: Demo,
    story: TokenStory,
    filing: Filing,
    decided: dt.datetime,
    now: dt.datetime,
    change: Decimal,
) -> None:
    author = demo.lead_of(COMPANY.capability(filing.slug).team)
    if filing.upto in {"delivery", "live"}:
        with clock.at(at_work(decided + dt.timedelta(days=1))):
            services.start_delivery(actor=author, story_id=story.id)
    if filing.upto == "live":
        with clock.at(at_work(decided + dt.timedelta(days=9))):
            services.go_live(actor=author, story_id=story.id)
    if filing.slug in REPORTS:
        _report(author, story, filing, now, change)
    if filing.slug == TRUED_UP:
        with clock.at(at_work(now - dt.timedelta(days=6))):
            services.true_up(
                actor=author,
                story_id=story.id,
                note="Volume as planned, a third more context than thought. The template has it.",
            )
    if filing.slug == AMENDED:
        with clock.at(at_work(decided + dt.timedelta(days=20))):
            _amend(story_by_id(story.id), author, 105, "A little more room at the quarter's end.")
    if filing.slug == GROWN:
        _grow(story, author, now)
    if filing.slug == REPLACED:
        _replace(story, author, now)


def _report(
    author: Actor, story: TokenStory, filing: Filing, now: dt.datetime, change: Decimal
) -> None:
    share, note = REPORTS[filing.slug]
    on = now - dt.timedelta(days=max(filing.days_ago - MEASURED_AFTER - 5, 1))
    with clock.at(on):
        services.report_value(
            actor=author,
            story_id=story.id,
            measured_change=change * Decimal(share),
            measured_on=on.date() - dt.timedelta(days=1),
            note=note,
        )


def _amend(story: TokenStory, author: Actor, percent: int, note: str) -> TokenStory:
    """A cap of so many percent, submitted."""
    story = services.amend(actor=author, story_id=story.id)
    draft = draft_of(story)
    if draft is None or draft.cap_nanos is None:
        return story
    cap = draft.cap_nanos * percent // 100
    plan = dataclasses.replace(plan_of(draft), cap_nanos=cap)
    story = services.save_draft(actor=author, story_id=story.id, version=story.version, plan=plan)
    return services.submit(actor=author, story_id=story.id, version=story.version, note=note)


def _grow(story: TokenStory, author: Actor, now: dt.datetime) -> None:
    """Half as much again as was approved: the whole route once more; the CIO has not answered."""
    moment = at_work(now - dt.timedelta(days=11))
    with clock.at(moment):
        amended = _amend(story_by_id(story.id), author, 150, "Sixty engineers more since August.")
    request = approvals.open_request_of("story", amended.id)
    if request is not None:
        answer(request, moment, now, number=amended.number, last=Last(3))


def _replace(story: TokenStory, author: Actor, now: dt.datetime) -> None:
    """The story that takes another one's place: two passes instead of one."""
    moment = at_work(now - dt.timedelta(days=26))
    with clock.at(moment):
        fresh = services.supersede(actor=author, story_id=story.id)
        draft = draft_of(fresh)
        if draft is None:
            return
        plan = dataclasses.replace(
            plan_of(draft),
            title="Review in two passes",
            assumptions=begins(plan_of(draft).assumptions, moment.date()),
            value_why="A small model reads everything, the large one what it doubts.",
        )
        fresh = services.save_draft(
            actor=author, story_id=fresh.id, version=fresh.version, plan=plan
        )
        fresh = services.submit(actor=author, story_id=fresh.id, version=fresh.version)
    request = approvals.open_request_of("story", fresh.id)
    if request is None:
        return
    decided = answer(request, moment, now, number=fresh.number)
    with clock.at(at_work(decided + dt.timedelta(days=1))):
        services.start_delivery(actor=author, story_id=fresh.id)
