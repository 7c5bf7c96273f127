"""Changes: recorded once, corrected, withdrawn; seen in usage; steps with their likely cause."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.ledger.changelog import selectors, services
from apps.ledger.changelog.models import CapabilityChange
from apps.ledger.quality.models import QualityAlert
from apps.ledger.quality.services import check
from apps.notifications.models import Notification
from apps.trail.models import TrailEvent
from tests.factories.ledger import price, take, usage
from tests.factories.portfolio import make_capability
from tests.factories.runs import PARTS, call

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def side(world):
    world.a.person(Role.TOKENOPS_LEAD)
    with world.a.scope():
        world.a.capability = make_capability("Claims", unit_id=world.a.units["core"].id)
    return world.a


def change(side, role=Role.MEMBER, **words):
    values = {"kind": "release", "title": "2.3", "capability_id": side.capability.id, **words}
    return services.record_change(actor=side.actor(role), **values)


def test_a_member_of_the_unit_records_a_change_once(side):
    side.person(Role.MEMBER)
    with side.scope():
        row, new = change(side, reference="build-81", occurred_at=NOW - timedelta(hours=13))
        assert new
        assert (row.day.isoformat(), row.origin, row.version) == ("2026-11-19", "hand", 1)
        assert change(side, reference="build-81") == (row, False)
        for words in ({"title": "2.4"}, {"occurred_at": NOW}):
            with pytest.raises(Conflict) as refused:
                change(side, reference="build-81", **words)
            assert refused.value.code == "reference_taken"
        assert CapabilityChange.objects.count() == 1
        assert TrailEvent.objects.filter(action="change.recorded").count() == 1
        other = make_capability("Other", unit_id=side.units["core"].id)
        assert change(side, reference="build-81", capability_id=other.id)[1]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"kind": "toy"}, "kind"),
        ({"title": "  "}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"link": "javascript:alert(1)"}, "link"),
        ({"link": "https://"}, "link"),
        ({"occurred_at": NOW + timedelta(days=2)}, "occurred_at"),
        ({"occurred_at": datetime(2014, 12, 31, tzinfo=UTC)}, "occurred_at"),
        ({"reference": "x" * 121}, "reference"),
    ],
)
def test_wrong_words_are_refused_by_field(side, words, field):
    side.person(Role.MEMBER)
    with side.scope():
        with pytest.raises(Invalid) as refused:
            change(side, **words)
        assert [error.field for error in refused.value.errors] == [field]
        assert CapabilityChange.objects.count() == 0


def test_nobody_else_records_corrects_or_withdraws(side, world):
    stranger = world.b.actor(Role.OWNER)
    viewer, other = side.actor(Role.VIEWER), side.actor(Role.MEMBER, "claims")
    with side.scope():
        row, _ = change(side, Role.TOKENOPS_LEAD)
        for actor in (viewer, other):
            with pytest.raises(Forbidden):
                change_as(side, actor)
            with pytest.raises(Forbidden):
                services.correct_change(actor=actor, change_id=row.id, version=1, title="2.4")
            with pytest.raises(Forbidden):
                services.withdraw_change(actor=actor, change_id=row.id, version=1, reason="x")
        assert CapabilityChange.objects.get().title == "2.3"
        assert TrailEvent.objects.filter(action__startswith="change.").count() == 1
    with world.b.scope(), pytest.raises(NotFound):
        services.correct_change(actor=stranger, change_id=row.id, version=1, title="2.4")


def change_as(side, actor):
    return services.record_change(
        actor=actor, capability_id=side.capability.id, kind="release", title="2.3"
    )


def test_a_change_is_corrected_and_withdrawn_at_the_version_that_was_read(side):
    lead = side.actor(Role.TOKENOPS_LEAD)
    with side.scope():
        row, _ = change(side, Role.TOKENOPS_LEAD)
        at = NOW - timedelta(days=3)
        after = services.correct_change(
            actor=lead, change_id=row.id, version=1, title="2.4", occurred_at=at
        )
        assert (after.title, str(after.day), after.version) == ("2.4", "2026-11-17", 2)
        with pytest.raises(Conflict):
            services.correct_change(actor=lead, change_id=row.id, version=1, title="2.5")
        with pytest.raises(Invalid):
            services.withdraw_change(actor=lead, change_id=row.id, version=2, reason=" ")
        start, end = at.date(), NOW.date()
        assert [m.label for m in selectors.marks(lead, start, end)] == ["Claims: release 2.4"]
        gone = services.withdraw_change(actor=lead, change_id=row.id, version=2, reason="Not out")
        assert gone.is_withdrawn
        assert selectors.marks(lead, start, end) == []
        with pytest.raises(Conflict):
            services.withdraw_change(actor=lead, change_id=row.id, version=3, reason="Again")


def test_marks_count_several_changes_of_a_day_and_keep_the_latest_days(side):
    lead = side.actor(Role.TOKENOPS_LEAD)
    with side.scope():
        for ago in range(6):
            change(side, Role.TOKENOPS_LEAD, title=str(ago), occurred_at=NOW - timedelta(days=ago))
        change(side, Role.TOKENOPS_LEAD, kind="prompt", title="7")
        found = selectors.marks(
            lead,
            NOW.date() - timedelta(days=9),
            NOW.date() + timedelta(days=1),
            {side.capability.id},
        )
        assert [m.label for m in found] == [
            "release 3",
            "release 2",
            "release 1",
            "release 0, and 1 more",
        ]


def runs(side, *, ago, count=3, tokens=1_000, **words):
    """Runs of one call on a day."""
    take(
        [
            call(
                f"r{ago}-{n}",
                start=NOW - timedelta(days=ago),
                capability=side.capability.slug,
                input_uncached=tokens,
                **words,
            )
            for n in range(count)
        ]
    )


def test_a_change_is_held_against_the_days_around_it(side):
    with side.scope():
        price("m1")
        for ago in range(14, 6, -1):
            runs(side, ago=ago, prompt_tokens=PARTS)
        for ago in range(6, 0, -1):
            runs(side, ago=ago, tokens=2_100)
        row, _ = change(side, Role.TOKENOPS_LEAD, occurred_at=NOW - timedelta(days=6))
        effect = selectors.effects([row])[row.id]
        assert effect.tokens == (1_100, 2_200)
        assert effect.cost == (2_800_000, 5_000_000)
        assert (effect.before.runs, effect.after.runs, effect.days_after) == (21, 18, 6)
        assert (effect.bloat[0], effect.bloat[1]) == (selectors.Decimal("0.9"), None)


def test_a_step_is_told_with_its_likely_cause_and_once(side):
    with side.scope():
        for ago in range(20, 6, -1):
            runs(side, ago=ago, tokens=900)
        for ago in range(6, 0, -1):
            runs(side, ago=ago, tokens=1_310)
        assert check().opened == 1
        alert = QualityAlert.objects.get()
        assert (alert.kind, alert.capability_id) == ("step", side.capability.id)
        assert alert.title == "Claims: tokens per run rose 41% on 14 Nov"
        assert "No change is recorded near that day" in alert.detail
        told = Notification.objects.count()
        change(side, Role.TOKENOPS_LEAD, occurred_at=NOW - timedelta(days=6))
        assert check().opened == 0
        alert.refresh_from_db()
        assert alert.title == ("Claims: tokens per run rose 41% on 14 Nov, the day of release 2.3")
        assert alert.detail == (
            "The median day went from 1.0\u00a0K tokens to 1.4\u00a0K tokens per run and has "
            "stayed there."
        )
        assert Notification.objects.count() == told
        assert selectors.steps_of(side.capability.id) == [alert]


def test_a_step_found_a_day_later_with_more_data_is_the_same_one(side):
    with side.scope():
        for ago in range(20, 6, -1):
            runs(side, ago=ago, tokens=900)
        for ago in range(6, 0, -1):
            runs(side, ago=ago, tokens=1_310)
        check()
        runs(side, ago=7, count=9, tokens=1_310)
        assert check().opened == 0
        assert QualityAlert.objects.count() == 1


def daily(side, first, last, model, requests=20, tokens=1_000):
    take(
        [
            usage(
                occurred_at=NOW - timedelta(days=ago),
                model=model,
                capability=side.capability.slug,
                input_uncached=tokens,
                requests=1,
            )
            for ago in range(first, last - 1, -1)
            for _ in range(requests)
        ]
    )


def test_a_switch_of_models_is_recorded_by_the_ledger_and_explains_the_cost(side):
    with side.scope():
        price("m1")
        price("m2", input_per_mtok="6", output_per_mtok="24")
        daily(side, 20, 7, "m1")
        daily(side, 6, 1, "m2")
        assert services.recognise_switches() == 1
        assert services.recognise_switches() == 0
        row = CapabilityChange.objects.get()
        assert (row.title, row.kind, row.origin) == ("m2 instead of m1", "model", "ledger")
        assert str(row.day) == "2026-11-14"
        check()
        assert QualityAlert.objects.get(kind="step").title == (
            "Claims: cost per request rose 200% on 14 Nov, the day of the model switch "
            "“m2 instead of m1”"
        )
        actor = side.actor(Role.TOKENOPS_LEAD)
        with pytest.raises(Conflict):
            services.correct_change(actor=actor, change_id=row.id, version=1, title="x")
        services.withdraw_change(actor=actor, change_id=row.id, version=1, reason="A test")
        assert services.recognise_switches() == 0


def test_a_switch_that_somebody_recorded_is_not_recorded_again(side):
    with side.scope():
        daily(side, 20, 7, "m1")
        daily(side, 6, 1, "m2")
        change(side, Role.TOKENOPS_LEAD, kind="model", occurred_at=NOW - timedelta(days=8))
        assert services.recognise_switches() == 0
