"""The running month: a budget that is used up asks for a decision, a pace out of the band warns."""

import datetime as dt
from datetime import UTC, datetime

import pytest

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.enums import RequestStatus
from apps.approvals.models import ApprovalParty, ApprovalRequest
from apps.approvals.selectors import waiting_for
from apps.approvals.subjects import handler_for
from apps.budgets.services import watch
from apps.common import clock
from apps.common.errors import Forbidden
from apps.notifications.models import Notification
from apps.outbox.models import OutboxMessage
from apps.outbox.services import dispatch
from apps.stories import events, services
from apps.stories.enums import BandOutcome
from apps.stories.models import BandExit, BandWarning
from apps.stories.selectors.standing import band_ahead, left_band
from apps.stories.selectors.stories import story_by_id
from apps.stories.services.band import watch_bands
from apps.stories.services.overrun import ask_about_overrun
from apps.stories.services.pace import warn_of_bands, words
from apps.trail.models import TrailEvent
from tests.factories.budgets import make_budget
from tests.factories.ledger import take, usage
from tests.services.stories.test_after import FILED, plan

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 13, 12, tzinfo=UTC)
DOLLAR = 10**9
CAP = 12 * DOLLAR
"""The estimate is $1.50 a month; the cap approved is far above."""
P90 = 2_324_853_311


@pytest.fixture
def story(desk):
    with clock.at(FILED):
        made = services.create_draft(actor=desk.author, plan=plan(desk))
        made = services.submit(actor=desk.author, story_id=made.id, version=made.version)
        made = desk.decide(made, "approve", cap_nanos=CAP)
        services.start_delivery(actor=desk.author, story_id=made.id)
        services.go_live(actor=desk.author, story_id=made.id)
        return story_by_id(made.id)


def use(story, day, cents):
    """So many cents on a day: output at $15 a million."""
    take(
        [
            usage(
                occurred_at=datetime.combine(day, dt.time(9), UTC),
                provider="atlas",
                model="medium",
                input_uncached=0,
                output=cents * 10_000 // 15,
                story=story.ref,
                phase="production",
            )
        ]
    )


def deliver(desk):
    """What the outbox holds of budgets, told by a worker: every message twice."""
    dispatch(desk.org.id)
    for message in OutboxMessage.objects.filter(topic="budget.crossed"):
        ask_about_overrun(message.payload["crossing_id"])


@pytest.fixture
def overrun(desk, story):
    """$15 of $12 by the thirteenth of November."""
    with clock.at(NOW):
        make_budget("Everything", amount_nanos=100 * DOLLAR)
        for n in range(1, 13):
            use(story, dt.date(2026, 11, n), 120)
        use(story, dt.date(2026, 11, 13), 60)
        watch()
        deliver(desk)
        yield story


def test_a_budget_that_is_used_up_asks_once_and_stops_nothing(desk, overrun):
    exit_ = BandExit.objects.get()
    assert (exit_.cause, exit_.month, exit_.outcome) == ("budget", dt.date(2026, 11, 1), "open")
    assert (exit_.measured_nanos, exit_.limit_nanos) == (15 * DOLLAR, CAP)
    assert (exit_.estimated_nanos, exit_.p90_nanos) == (1_500_000_000, P90)
    request = ApprovalRequest.objects.get(subject_type="story_band")
    assert (request.revision_id, request.amount_nanos) == (exit_.id, 15 * DOLLAR)
    assert request.title == "Answers: November 2026 over its budget"
    assert request.flags == [{"tone": "bad", "text": "Over its budget"}]
    assert request.summary == (
        f"{overrun.ref} has cost $15 in November 2026 of the $12 approved. At its pace it "
        "ends at $36, $24 over. Nothing was stopped."
    )
    assert request in waiting_for(desk.approver)
    assert TrailEvent.objects.filter(action=events.OVER_BUDGET).count() == 1
    assert story_by_id(overrun.id).status == "live"
    told = Notification.objects.filter(kind="story.over_budget")
    assert [n.membership_id for n in told] == [desk.author.membership_id]
    watch()
    deliver(desk)
    assert ApprovalRequest.objects.filter(subject_type="story_band").count() == 1


def test_the_decision_shows_what_it_does_to_budgets(desk, overrun):
    request = ApprovalRequest.objects.get(subject_type="story_band")
    handler = handler_for("story_band")
    found = handler.effect(actor=desk.approver, request=request).context
    assert (found["status"].money.used, found["status"].money.limit) == (15 * DOLLAR, CAP)
    assert found["over"] == 24 * DOLLAR
    (effect,) = found["effects"]
    assert (effect.budget.name, effect.committed, effect.after) == (
        "Everything",
        12 * DOLLAR,
        36 * DOLLAR,
    )
    assert handler.words(request)["approve"][0] == "Accept the overrun"
    assert "over its budget" in handler.consequence(request)


def test_the_author_and_who_funds_it_alone_do_not_decide(desk, story):
    cfo = desk.org.person(Role.CFO).membership.id
    with clock.at(NOW):
        make_budget("Everything", amount_nanos=100 * DOLLAR, owner_membership_id=cfo)
        use(story, dt.date(2026, 11, 12), 1_300)
        watch()
        deliver(desk)
        request = ApprovalRequest.objects.get(subject_type="story_band")
        parties = ApprovalParty.objects.filter(request_id=request.id)
        assert set(parties.values_list("membership_id", "reason")) == {
            (desk.author.membership_id, "author"),
            (cfo, "funder"),
        }
        with pytest.raises(Forbidden):
            approvals.decide(
                actor=desk.approver, request_id=request.id, version=1, decision="approve"
            )
        assert BandExit.objects.get().outcome == BandOutcome.OPEN


def test_the_month_is_not_asked_about_again_when_it_is_over(desk, overrun):
    request = ApprovalRequest.objects.get(subject_type="story_band")
    approvals.decide(
        actor=desk.approver, request_id=request.id, version=request.version, decision="approve"
    )
    assert BandExit.objects.get().outcome == BandOutcome.ACCEPTED
    assert left_band(story_by_id(overrun.id)) is None
    with clock.at(datetime(2026, 12, 3, 12, tzinfo=UTC)):
        watch_bands()
        watch()
        deliver(desk)
    assert BandExit.objects.filter(month=dt.date(2026, 11, 1)).count() == 1
    assert ApprovalRequest.objects.get(subject_type="story_band").status == RequestStatus.APPROVED


def test_an_open_question_about_an_earlier_month_ends_undecided(desk, story):
    for n in range(1, 32):
        use(story, dt.date(2026, 10, n), 30)
    with clock.at(NOW):
        assert watch_bands() == 1
        use(story, dt.date(2026, 11, 12), 1_300)
        watch()
        deliver(desk)
    months = BandExit.objects.order_by("month").values_list("cause", "outcome")
    assert list(months) == [("band", "dropped"), ("budget", "open")]
    states = ApprovalRequest.objects.filter(subject_type="story_band").order_by("id")
    assert list(states.values_list("status", flat=True)) == ["voided", "pending"]


def test_a_story_that_is_amended_already_is_not_asked_about(desk, story):
    with clock.at(NOW):
        desk.resubmitted(story)
        use(story, dt.date(2026, 11, 12), 1_300)
        watch()
        deliver(desk)
        assert OutboxMessage.objects.filter(topic="budget.crossed").count() > 0
        assert BandExit.objects.count() == 0


def test_only_the_budget_of_a_story_goes_back_to_its_approval(desk, story):
    with clock.at(NOW):
        make_budget("Everything", amount_nanos=DOLLAR)
        use(story, dt.date(2026, 11, 12), 200)
        watch()
        deliver(desk)
        assert BandExit.objects.count() == 0


def paced(story, cents, days=20):
    for n in range(1, days + 1):
        use(story, NOW.date() - dt.timedelta(days=n), cents)


def test_a_pace_out_of_the_band_warns_once_as_a_forecast(desk, story):
    with clock.at(NOW):
        paced(story, 12)
        assert (warn_of_bands(), warn_of_bands()) == (1, 0)
        row = BandWarning.objects.get()
        assert (row.month, row.days, row.measured_nanos) == (
            dt.date(2026, 11, 1),
            12,
            1_440_000_000,
        )
        assert (row.likely_nanos, row.p90_nanos) == (3_600_000_000, P90)
        assert (
            BandExit.objects.count()
            == ApprovalRequest.objects.filter(subject_type="story_band").count()
            == 0
        )
        told = Notification.objects.get(kind="story.band_ahead")
        assert told.membership_id == desk.author.membership_id
        assert told.title == f"{story.ref} Answers is on course to leave its approved band"
        assert told.body == words(row)
        assert told.body.startswith("At the pace of the last weeks November 2026 ends at about $4;")
        assert "Forecast from 12 complete days of the month" in told.body
        assert "Nothing is decided or stopped" in told.body
        assert TrailEvent.objects.filter(action=events.BAND_WARNED).count() == 1
        assert band_ahead(story_by_id(story.id)) == row
    with clock.at(datetime(2026, 12, 1, 12, tzinfo=UTC)):
        assert band_ahead(story_by_id(story.id)) is None


def test_a_month_that_is_past_its_band_already_says_so(desk, story):
    with clock.at(NOW):
        paced(story, 60)
        assert warn_of_bands() == 1
        assert words(BandWarning.objects.get()).startswith("November 2026 has cost $7 in 12 days")


@pytest.mark.parametrize(("cents", "days"), [(4, 20), (60, 9)])
def test_within_the_band_and_too_early_nobody_is_warned(desk, story, cents, days):
    with clock.at(NOW):
        paced(story, cents, days)
        assert warn_of_bands() == 0
        assert BandWarning.objects.count() == 0


def test_a_month_that_is_asked_about_is_not_warned_of(desk, overrun):
    with clock.at(NOW):
        paced(overrun, 60)
        assert warn_of_bands() == 0
