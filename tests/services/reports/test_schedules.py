"""Keeping schedules: who may, whom they may send to, and nothing written when refused."""

from datetime import UTC, datetime

import pytest
import time_machine

from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.organizations.models import RoleBinding
from apps.organizations.services import suspend_person
from apps.reports import selectors, services
from apps.reports.models import ReportRecipient, ReportSchedule
from apps.trail.models import TrailEvent
from tests.factories.reports import make_schedule

pytestmark = pytest.mark.django_db
FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 7, tzinfo=UTC)


@pytest.fixture
def side(world):
    with time_machine.travel(FRIDAY, tick=False):
        world.a.person(Role.CFO)
        world.a.person(Role.UNIT_LEAD)
        yield world.a


def actions():
    rows = TrailEvent.objects.filter(action__startswith="report.").order_by("id")
    return list(rows.values_list("action", flat=True))


def nothing_written():
    return not ReportSchedule.objects.exists() and not ReportRecipient.objects.exists()


def test_a_schedule_is_due_from_now_on_and_in_the_trail(side):
    cfo, lead = side.person(Role.CFO), side.person(Role.UNIT_LEAD)
    with side.scope():
        made = make_schedule(
            cfo.actor, cfo, lead, name="  Workflows  of Ä ", query="?by=workflow&page=3&format=csv"
        )
        assert (made.name, made.query, made.due_at) == (
            "Workflows of Ä",
            "by=workflow",
            MONDAY,
        )
        assert [one.id for one in selectors.recipients(made)] == [
            cfo.membership.id,
            lead.membership.id,
        ]
        assert actions() == ["report.scheduled"]
        event = TrailEvent.objects.get(action="report.scheduled")
        assert event.after["recipients"] == ["CFO Acme", "Unit lead Acme"]


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER, Role.AUDITOR])
def test_who_may_not_schedule_is_refused(side, role):
    actor = side.actor(role)
    with side.scope():
        with pytest.raises(Forbidden):
            make_schedule(actor)
        assert nothing_written()


def test_a_program_keeps_no_schedule(side):
    actor = side.key_actor
    with side.scope():
        with pytest.raises(Forbidden):
            make_schedule(actor, side.person(Role.CFO))
        assert nothing_written()


def test_only_members_who_may_see_the_figures_are_sent_to(world, side):
    cfo, cto, viewer = (side.person(role) for role in (Role.CFO, Role.CTO, Role.VIEWER))
    foreign, owner = world.b.person(Role.CFO), side.actor(Role.OWNER)
    with side.scope():
        suspend_person(actor=owner, membership_id=cto.membership.id)
        RoleBinding.objects.filter(membership=viewer.membership).delete()
        for person in (foreign, cto, viewer):
            with pytest.raises(Invalid) as refused:
                make_schedule(cfo.actor, cfo, person)
            assert [error.field for error in refused.value.errors] == ["recipients"]
            assert nothing_written()
        assert "May not see such figures: Viewer Acme" in str(refused.value.errors[0].message)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"query": "q=" + "x" * 2001}, "query"),
        ({"cadence": "hourly"}, "cadence"),
        ({"hour": 24}, "hour"),
        ({"weekday": 7}, "weekday"),
        ({"month_day": 29}, "month_day"),
        ({"recipients": []}, "recipients"),
        ({"kind": "payroll"}, "kind"),
    ],
)
def test_each_wrong_input_is_named(side, changes, field):
    actor = side.actor(Role.CFO)
    with side.scope():
        with pytest.raises(Invalid) as refused:
            make_schedule(actor, **changes)
        assert [error.field for error in refused.value.errors] == [field]
        assert nothing_written()


def test_others_see_it_when_it_sends_to_them_and_change_nothing(world, side):
    cfo, lead, cto = (side.actor(role) for role in (Role.CFO, Role.UNIT_LEAD, Role.CTO))
    owner, foreign = side.actor(Role.OWNER), world.b.actor(Role.OWNER)
    with side.scope():
        made = make_schedule(cfo, side.person(Role.UNIT_LEAD))
        seen = {a.name: selectors.schedules(a).count() for a in (cfo, lead, cto, owner)}
        assert seen == {"CFO Acme": 1, "Unit lead Acme": 1, "CTO Acme": 0, "Alice Archer": 1}
        wanted = services.Wanted(name="Mine now", cadence="daily", recipients=[lead.membership_id])
        with pytest.raises(Forbidden):
            services.change_schedule(actor=lead, schedule_id=made.id, version=1, wanted=wanted)
        for act in (services.pause_schedule, services.delete_schedule):
            with pytest.raises(Forbidden):
                act(actor=lead, schedule_id=made.id, version=1)
            with pytest.raises(NotFound):
                act(actor=cto, schedule_id=made.id, version=1)
        assert ReportSchedule.objects.get().name == "Workflows"
        services.pause_schedule(actor=owner, schedule_id=made.id, version=1)
    with world.b.scope(), pytest.raises(NotFound):
        selectors.schedule_by_id(foreign, made.id)


def test_it_is_changed_paused_resumed_and_deleted_at_the_version_that_was_read(side):
    cfo = side.actor(Role.CFO)
    with side.scope():
        made = make_schedule(cfo)
        wanted = services.Wanted(
            name="Models", query="group=model", cadence="monthly", month_day=3, with_pdf=True,
            recipients=[side.person(Role.UNIT_LEAD).membership.id],
        )  # fmt: skip
        made = services.change_schedule(actor=cfo, schedule_id=made.id, version=1, wanted=wanted)
        assert made.due_at == datetime(2026, 12, 3, 7, tzinfo=UTC)
        assert [str(one) for one in selectors.recipients(made)] == ["Unit lead Acme"]
        for act in (services.pause_schedule, services.delete_schedule):
            with pytest.raises(Conflict):
                act(actor=cfo, schedule_id=made.id, version=1)
        made = services.pause_schedule(actor=cfo, schedule_id=made.id, version=2)
        assert made.due_at is None
        with pytest.raises(Conflict):
            services.pause_schedule(actor=cfo, schedule_id=made.id, version=3)
        made = services.resume_schedule(actor=cfo, schedule_id=made.id, version=3)
        assert made.due_at == datetime(2026, 12, 3, 7, tzinfo=UTC)
        services.delete_schedule(actor=cfo, schedule_id=made.id, version=4)
        assert nothing_written()
        assert actions() == [
            "report.scheduled", "report.changed", "report.paused", "report.resumed",
            "report.deleted",
        ]  # fmt: skip


def test_a_recipient_leaves_once(side):
    cfo, lead = side.actor(Role.CFO), side.actor(Role.UNIT_LEAD)
    with side.scope():
        made = make_schedule(cfo, side.person(Role.CFO), side.person(Role.UNIT_LEAD))
        services.leave_schedule(actor=lead, schedule_id=made.id)
        assert [str(one) for one in selectors.recipients(made)] == ["CFO Acme"]
        with pytest.raises(NotFound):
            services.leave_schedule(actor=lead, schedule_id=made.id)
        assert actions() == ["report.scheduled", "report.left"]
