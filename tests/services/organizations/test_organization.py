import pytest

from apps.access.roles import Role
from apps.accounts.models import User
from apps.common.errors import Conflict, FieldError, Forbidden, Invalid
from apps.organizations import guards, selectors, services
from apps.organizations.models import Organization
from apps.tenancy import doors
from apps.trail.models import TrailEvent
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.organizations import make_organization

SETTINGS = {
    "name": "Acme AG",
    "currency": "EUR",
    "timezone": "Europe/Zurich",
    "fiscal_year_start": 4,
}


def test_a_new_organization_has_a_root_unit_and_an_owner(world):
    with world.a.scope():
        root = selectors.root_unit()
        assert (root.name, root.code, root.kind) == ("Acme", "acme", "organization")
        assert [m.user.email for m in selectors.owners()] == ["alice@acme.example"]
        event = TrailEvent.objects.get()
        assert (event.action, event.actor_name) == ("organization.created", "Alice Archer")


def test_a_taken_address_is_a_conflict_and_leaves_nothing(world):
    world.a.organization  # noqa: B018 -- created on first use
    person = make_user()
    with pytest.raises(Conflict) as refused:
        make_organization("acme", "Other", person)
    assert refused.value.errors[0].field == "slug"
    assert doors.memberships_of(person.pk) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"slug": "Not A Slug"}, "slug"),
        ({"slug": "api"}, "slug"),
        ({"currency": "usd"}, "currency"),
        ({"currency": "ZZZ"}, "currency"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"fiscal_year_start": 13}, "fiscal_year_start"),
    ],
)
def test_bad_settings_name_their_field(db, change, field):
    with pytest.raises(Invalid) as refused:
        services.create_organization(
            **{"name": "Acme", "slug": "acme", "owner_user": make_user()} | change
        )
    assert [error.field for error in refused.value.errors] == [field]
    assert not doors.any_organization()


def test_settings_change_with_a_trail(world):
    admin = world.a.actor(Role.ADMIN)
    with world.a.scope():
        services.change_organization(actor=admin, **SETTINGS)
        organization = Organization.objects.get()
        assert {name: getattr(organization, name) for name in SETTINGS} == SETTINGS
        assert selectors.root_unit().name == "Acme AG"
        event = TrailEvent.objects.latest("id")
        assert event.before == {
            "name": "Acme",
            "currency": "USD",
            "timezone": "UTC",
            "fiscal_year_start": 1,
        }
        assert event.after == SETTINGS
        count = TrailEvent.objects.count()
        services.change_organization(actor=admin, **SETTINGS)
        assert TrailEvent.objects.count() == count


@pytest.mark.parametrize("role", [Role.CFO, Role.UNIT_LEAD, Role.VIEWER, Role.AUDITOR])
def test_others_change_no_settings(world, role):
    actor = world.a.actor(role)
    with world.a.scope():
        with pytest.raises(Forbidden):
            services.change_organization(actor=actor, **SETTINGS)
        assert Organization.objects.get().name == "Acme"


def test_another_app_may_refuse_a_change(world, monkeypatch):
    def no_other_zone(organization, changes):
        return [FieldError("timezone", "Usage is cut in this zone.")] * ("timezone" in changes)

    monkeypatch.setattr(guards, "_guards", [no_other_zone])
    owner = world.a.actor(Role.OWNER)
    with world.a.scope():
        with pytest.raises(Conflict) as refused:
            services.change_organization(actor=owner, **SETTINGS)
        assert refused.value.errors[0].field == "timezone"
        assert Organization.objects.get().timezone == "UTC"
        services.change_organization(actor=owner, **SETTINGS | {"timezone": "UTC"})


FIRST_RUN = {
    "organization_name": "Acme",
    "slug": "acme",
    "currency": "USD",
    "timezone": "UTC",
    "owner_name": "Alice",
    "email": "Alice@Acme.example",
    "password": PASSWORD,
}


def test_the_first_run_creates_organization_and_owner(db):
    organization, owner = services.set_up_installation(**FIRST_RUN)
    assert owner.is_staff
    assert owner.check_password(PASSWORD)
    assert [b.slug for b in doors.memberships_of(owner.pk)] == ["acme"]
    assert doors.org_for_member("acme", owner.pk) == organization.id


def test_the_first_run_happens_once(world):
    world.a.organization  # noqa: B018 -- created on first use
    with pytest.raises(Conflict, match="already"):
        services.set_up_installation(**FIRST_RUN | {"slug": "second", "email": "x@example.com"})
    assert not User.objects.filter(email="x@example.com").exists()


def test_a_refused_first_run_leaves_nothing(db):
    with pytest.raises(Invalid):
        services.set_up_installation(**FIRST_RUN | {"currency": "???"})
    assert not doors.any_organization()
    assert not User.objects.exists()
