"""What stories turned out to be worth: who reports it, what follows, what is overdue."""

import datetime as dt
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from apps.access.roles import Role
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.outbox.models import OutboxMessage
from apps.stories import services
from apps.stories.models import ValueReport
from apps.stories.selectors.gaps import GapKind, planning_gaps
from apps.stories.selectors.stories import approved_revision
from apps.stories.selectors.value import reports_of, value_state
from apps.stories.services.initiatives import import_initiatives
from apps.trail.models import TrailEvent

pytestmark = pytest.mark.django_db

APPROVED = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = datetime(2027, 4, 10, 9, tzinfo=UTC)
DAY = dt.date(2027, 4, 1)


@pytest.fixture
def story(desk):
    with clock.at(APPROVED):
        return desk.approved()


def report(actor, story, change="-4.5", **more):
    values = {"measured_on": DAY, "note": "412 claims of March against 380 of May.", **more}
    with clock.at(LATER):
        return services.report_value(
            actor=actor, story_id=story.id, measured_change=Decimal(change), **values
        )


def state(story, today=LATER):
    return value_state(approved_revision(story), list(reports_of(story)), today.date()).value


@pytest.mark.parametrize(
    ("change", "outcome", "month"),
    [
        # 14,000 claims × 70 % × minutes × $0.70, of 4.5 minutes expected
        ("-4.5", "proven", 30_870_000_000_000),
        ("-3.6", "proven", 24_696_000_000_000),
        ("-3.5", "partly", 24_010_000_000_000),
        ("-0.9", "partly", 6_174_000_000_000),
        ("-0.8", "disproven", 5_488_000_000_000),
        ("1", "disproven", -6_860_000_000_000),
    ],
)
def test_a_report_says_what_it_proves_and_what_it_is_worth(desk, story, change, outcome, month):
    made = report(desk.author, story, change)
    assert (made.outcome, made.month_nanos) == (outcome, month)
    assert (made.expected_change, made.revision_number) == (Decimal("-4.5"), 1)
    assert state(story) == outcome


def test_it_is_in_the_trail_and_the_newest_one_counts(desk, story):
    report(desk.author, story, "-4.5")
    report(desk.author, story, "-1")
    assert state(story) == "partly"
    event = TrailEvent.objects.filter(action="story.value_reported").order_by("id").first()
    assert event.after["outcome"] == "proven"
    assert OutboxMessage.objects.filter(topic="story.value_reported").count() == 2


def test_before_its_day_it_is_unmeasured_then_overdue_and_a_gap(desk, story):
    assert state(story, datetime(2027, 4, 1, tzinfo=UTC)) == "unmeasured"
    assert state(story) == "overdue"
    with clock.at(LATER):
        gaps = [gap for gap in planning_gaps(desk.author) if gap.kind is GapKind.VALUE]
        assert [(gap.ref, gap.detail) for gap in gaps] == [
            (story.ref, "Handling time, due 1 April 2027")
        ]
    report(desk.author, story)
    with clock.at(LATER):
        assert not [gap for gap in planning_gaps(desk.author) if gap.kind is GapKind.VALUE]


def test_the_owner_of_the_hypothesis_reports_it_others_do_not(desk, world):
    owner = world.a.person(Role.VIEWER)
    with clock.at(APPROVED):
        story = desk.approved(value_owner_id=owner.membership.id)
    with pytest.raises(Forbidden):
        report(world.a.actor(Role.AUDITOR), story)
    assert not ValueReport.objects.exists()
    assert report(owner.actor, story).reported_by_name == owner.actor.name


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"measured_on": dt.date(2026, 11, 22)}, "measured_on"),
        ({"measured_on": dt.date(2027, 4, 11)}, "measured_on"),
        ({"note": " "}, "note"),
        ({"evidence_url": "javascript:alert(1)"}, "evidence_url"),
        ({"change": "1E15"}, "measured_change"),
    ],
)
def test_wrong_input_is_named_and_nothing_is_kept(desk, story, more, field):
    with pytest.raises(Invalid) as refused:
        report(desk.author, story, **more)
    assert [error.field for error in refused.value.errors] == [field]
    assert not ValueReport.objects.exists()


def test_without_an_approved_hypothesis_there_is_nothing_to_report(desk):
    with clock.at(APPROVED):
        waiting = desk.submitted()
        vague = desk.approved(value_change=None)
    for story in (waiting, vague):
        with pytest.raises(Conflict, match="no approved value hypothesis"):
            report(desk.author, story)
    assert state(vague) == "none"


def test_an_initiative_that_a_plan_names_is_no_gap(desk):
    table = "key,title,url\nA-1,Triage,https://example.com/1\nA-2,Other,\n"
    import_initiatives(actor=desk.author, text=table)
    desk.draft(work_item_url="https://example.com/1")
    found = planning_gaps(desk.approver)
    kinds = [gap.subject for gap in found if gap.kind is GapKind.INITIATIVE]
    assert kinds == ["A-2 Other"]
