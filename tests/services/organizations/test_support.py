from datetime import timedelta

import pytest
from django.core import mail

from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import can
from apps.common import clock
from apps.common.errors import Forbidden, Invalid, NotFound
from apps.organizations import selectors, services
from apps.organizations.models import SupportVisit
from apps.outbox.services import dispatch
from apps.tenancy import doors
from apps.trail.models import TrailEvent
from tests.factories.accounts import make_user

REASON = "Ticket 812: figures of the claims team are missing"


@pytest.fixture
def staff(db):
    return make_user("sam@host.example", "Sam", is_staff=True)


def enter(side, user, **fields):
    values = {"slug": side.organization.slug, "reason": REASON, "hours": 2} | fields
    return services.enter_as_support(user=user, **values)


def test_staff_are_outside_until_they_give_a_reason(world, staff):
    world.a.organization  # noqa: B018 -- created on first use
    assert doors.org_for_member("acme", staff.pk) is None


def test_a_visit_reads_everything_and_writes_nothing(world, staff):
    enter(world.a, staff)
    assert doors.org_for_member("acme", staff.pk) == world.a.id
    with world.a.scope():
        actor = selectors.actor_for_user(staff)
        assert actor.name == "Sam (support)"
        assert actor.roles == {Role.SUPPORT}
        allowed = {permission for permission in P if can(actor, permission)}
        assert {P.USAGE_VIEW, P.STORY_VIEW, P.TRAIL_VIEW} <= allowed
        assert all(permission.value.endswith(".view") for permission in allowed)
        event = TrailEvent.objects.latest("id")
        assert (event.action, event.actor_name, event.reason) == (
            "support.entered",
            "Sam (support)",
            REASON,
        )


def test_a_visit_opens_one_organization_only(world, staff):
    enter(world.a, staff)
    world.b.organization  # noqa: B018 -- created on first use
    assert doors.org_for_member("borealis", staff.pk) is None


def test_the_owners_are_told(world, staff):
    enter(world.a, staff)
    dispatch(world.a.id)
    (message,) = mail.outbox
    assert message.to == ["alice@acme.example"]
    assert message.subject == "Support has entered Acme"
    assert REASON in message.body


def test_a_visit_ends_by_itself(world, staff):
    enter(world.a, staff)
    with world.a.scope():
        SupportVisit.objects.update(expires_at=clock.now() - timedelta(minutes=5))
        assert selectors.actor_for_user(staff) is None
    assert doors.org_for_member("acme", staff.pk) is None


def test_the_organization_ends_a_visit(world, staff):
    enter(world.a, staff)
    admin, viewer = world.a.actor(Role.ADMIN), world.a.actor(Role.VIEWER)
    with world.a.scope():
        visit = SupportVisit.objects.get()
        with pytest.raises(Forbidden):
            services.end_visit(actor=viewer, visit_id=visit.id)
        services.end_visit(actor=admin, visit_id=visit.id)
        assert selectors.actor_for_user(staff) is None
        event = TrailEvent.objects.latest("id")
        assert (event.action, event.object_label) == ("support.ended", "Sam")


def test_others_do_not_enter(world):
    mallory = world.b.person(Role.OWNER).user
    with pytest.raises(Forbidden):
        enter(world.a, mallory)
    with world.a.scope():
        assert not SupportVisit.objects.exists()


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"reason": "because"}, Invalid),
        ({"hours": 0}, Invalid),
        ({"hours": 9}, Invalid),
        ({"slug": "nowhere"}, NotFound),
    ],
)
def test_refused_visits_leave_nothing(world, staff, fields, error):
    with pytest.raises(error):
        enter(world.a, staff, **fields)
    with world.a.scope():
        assert not SupportVisit.objects.exists()
        assert not TrailEvent.objects.filter(action="support.entered").exists()


def test_a_visit_lasts_as_long_as_asked(world, staff):
    enter(world.a, staff, hours=8)
    with world.a.scope():
        visit = SupportVisit.objects.get()
    assert timedelta(hours=7, minutes=59) < visit.expires_at - clock.now() <= timedelta(hours=8)
