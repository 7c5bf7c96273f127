"""Reporting what a story turned out to be worth, against its approved hypothesis."""

import datetime as dt
from decimal import Decimal
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid
from apps.common.periods import day_in_zone
from apps.organizations.selectors import organization
from apps.outbox.services import enqueue
from apps.stories import events, rules
from apps.stories.enums import ValuePer
from apps.stories.models import StoryRevision, TokenStory, ValueReport
from apps.stories.selectors.stories import approved_revision, story_by_id
from apps.stories.worth import outcome_of
from apps.trail.services import record

LARGEST = Decimal(10) ** 15


@transaction.atomic
def report_value(
    *,
    actor: Actor,
    story_id: UUID,
    measured_change: Decimal,
    measured_on: dt.date,
    note: str,
    evidence_url: str = "",
) -> ValueReport:
    """Keep a measurement of the metric. The owner of the hypothesis and who writes the story may.

    Raises Forbidden; Conflict for a story without an approved hypothesis; Invalid per wrong field.
    """
    story = story_by_id(story_id)
    revision = approved_revision(story)
    if revision is None or not actor.owns(revision.value_owner_id):
        require(actor, P.STORY_WRITE, unit_id=story.unit_id, owner_id=story.author_id)
    if revision is None or revision.value_change is None or story.approved_at is None:
        raise Conflict(
            f"{story.ref} has no approved value hypothesis with an expected change.",
            code="no_hypothesis",
            fix="Amend the story: state metric, unit and expected change.",
        )
    errors = _problems(story, measured_change, measured_on, note, evidence_url)
    if errors:
        raise Invalid("The measurement cannot be kept as it is.", errors=errors)
    made = ValueReport.objects.create(
        story_id=story.id,
        revision_number=revision.number,
        measured_on=measured_on,
        expected_change=revision.value_change,
        measured_change=measured_change,
        outcome=outcome_of(revision.value_change, measured_change).value,
        month_nanos=_worth(revision, measured_change),
        note=note.strip(),
        evidence_url=evidence_url.strip(),
        reported_by_kind=actor.kind,
        reported_by_id=actor.membership_id or actor.id,
        reported_by_name=actor.name[:200],
    )
    record(
        actor=actor,
        action=events.VALUE_REPORTED,
        obj=story,
        after={
            "outcome": made.outcome,
            "measured_on": measured_on.isoformat(),
            "expected_change": str(revision.value_change),
            "measured_change": str(measured_change),
            "month_nanos": made.month_nanos,
        },
        reason=made.note,
    )
    enqueue(
        events.VALUE_REPORTED,
        key=f"story:{story.id}",
        payload={"story_id": str(story.id), "ref": story.ref, "outcome": made.outcome},
    )
    return made


def _worth(revision: StoryRevision, measured: Decimal) -> int | None:
    """A month of the measured change in nanos; negative where the metric went the other way."""
    expected, money = revision.value_change, revision.value_money_nanos
    if expected is None or money is None:
        return None
    nanos = rules.value_nanos_per_month(
        expected_change=measured,
        money_per_unit_nanos=money,
        per=ValuePer(revision.value_per),
        adoption_percent=revision.value_adoption,
        interactions=Decimal(revision.estimate.get("volume", "0")),
    )
    return -nanos if expected * measured < 0 else nanos


def _problems(
    story: TokenStory, measured: Decimal, measured_on: dt.date, note: str, evidence_url: str
) -> list[FieldError]:
    errors = []
    zone = organization().timezone
    assert story.approved_at is not None  # noqa: S101 -- checked by the caller
    first, today = day_in_zone(story.approved_at, zone), clock.today(zone)
    if not measured.is_finite() or abs(measured) >= LARGEST:
        errors.append(FieldError("measured_change", "The change is out of range.", "Check it."))
    if not first <= measured_on <= today:
        errors.append(
            FieldError(
                "measured_on",
                "The day is before the approval or still to come.",
                f"Choose a day from {first} to {today}.",
            )
        )
    if not note.strip() or len(note) > 2000:
        errors.append(
            FieldError("note", "It is not said how this was measured.", "Up to 2,000 characters.")
        )
    if evidence_url.strip() and (
        urlsplit(evidence_url.strip()).scheme not in {"http", "https"} or len(evidence_url) > 500
    ):
        errors.append(
            FieldError("evidence_url", "This is not a web address.", "Start it with https://.")
        )
    return errors
