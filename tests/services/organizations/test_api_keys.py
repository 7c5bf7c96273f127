from datetime import timedelta

import pytest

from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import can
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.organizations import selectors, services
from apps.organizations.models import ApiKey
from apps.organizations.tokens import hash_secret
from apps.tenancy import doors
from apps.trail.models import TrailEvent


def create(side, by=Role.TOKENOPS_LEAD, scopes=("usage.write",), unit=None, **fields):
    actor, unit_id = side.actor(by), side.units[unit].id if unit else None
    with side.scope():
        return services.create_api_key(
            actor=actor, name="Gateway", scopes=scopes, unit_id=unit_id, **fields
        )


def test_the_secret_is_returned_once_and_stored_as_a_hash(world):
    key, secret = create(world.a)
    assert secret.startswith("tok_")
    assert len(secret) == 47
    assert key.prefix == secret[:12]
    with world.a.scope():
        stored = ApiKey.objects.values().get()
        assert secret not in str(stored)
        assert stored["key_hash"] == hash_secret(secret)
        event = TrailEvent.objects.latest("id")
        assert event.action == "apikey.created"
        assert event.after["scopes"] == ["usage.write"]
        assert secret not in str(event.after) + event.object_label
    assert doors.org_for_api_key(hash_secret(secret)) == world.a.id


def test_a_key_acts_within_its_scopes_and_unit(world):
    key, _ = create(world.a, by=Role.OWNER, scopes=["story.view", "usage.view"], unit="engineering")
    with world.a.scope():
        actor = selectors.actor_for_key(key)
        units = world.a.units
        assert (actor.kind, actor.id, actor.name) == ("service", key.id, "Gateway")
        assert can(actor, P.STORY_VIEW, unit_id=units["core"].id)
        assert not can(actor, P.STORY_VIEW, unit_id=units["claims"].id)
        assert not can(actor, P.STORY_WRITE, unit_id=units["core"].id)
        assert not can(actor, P.TRAIL_VIEW)


def test_a_key_lives_90_days_unless_told_otherwise(world):
    key, _ = create(world.a)
    assert timedelta(days=89) < key.expires_at - clock.now() <= timedelta(days=90)


@pytest.mark.parametrize("days", [-1, 0, 367])
def test_impossible_ends(world, days):
    with pytest.raises(Invalid) as refused:
        create(world.a, expires_at=clock.now() + timedelta(days=days))
    assert refused.value.errors[0].field == "expires_at"


@pytest.mark.parametrize(
    ("scopes", "unit"),
    [([], None), (["approval.decide"], None), (["everything"], None), (["usage.write"], "core")],
)
def test_impossible_scopes(world, scopes, unit):
    with pytest.raises(Invalid) as refused:
        create(world.a, by=Role.OWNER, scopes=scopes, unit=unit)
    assert refused.value.errors[0].field == "scopes"


@pytest.mark.parametrize(
    "role", [Role.CFO, Role.CIO, Role.UNIT_LEAD, Role.VIEWER, Role.AUDITOR, Role.MEMBER]
)
def test_roles_that_make_no_keys(world, role):
    actor = world.a.actor(role)
    with world.a.scope():
        events = TrailEvent.objects.count()
        with pytest.raises(Forbidden):
            services.create_api_key(actor=actor, name="X", scopes=["usage.view"])
        assert not ApiKey.objects.exists()
        assert TrailEvent.objects.count() == events


def test_a_key_never_holds_more_than_its_maker(world):
    with pytest.raises(Forbidden, match=r"budget\.manage"):
        create(world.a, by=Role.ADMIN, scopes=["usage.view", "budget.manage"])
    with world.a.scope():
        assert not ApiKey.objects.exists()


def test_rotation_gives_a_successor_and_a_day_to_change_over(world):
    old, secret = create(world.a, scopes=["usage.write", "usage.view"])
    actor = world.a.actor(Role.TOKENOPS_LEAD)
    with world.a.scope():
        new, new_secret = services.rotate_api_key(actor=actor, key_id=old.id)
        old.refresh_from_db()
        assert new.scopes == ["usage.view", "usage.write"]
        assert (new.name, new.replaces_id) == ("Gateway", old.id)
        assert timedelta(hours=23) < old.expires_at - clock.now() <= timedelta(hours=24)
        assert timedelta(days=89) < new.expires_at - clock.now() <= timedelta(days=90)
        assert new_secret != secret
    assert doors.org_for_api_key(hash_secret(secret)) == world.a.id
    assert doors.org_for_api_key(hash_secret(new_secret)) == world.a.id


def test_a_revoked_or_expired_key_opens_nothing(world):
    first, secret = create(world.a)
    second, other = create(world.a)
    actor = world.a.actor(Role.TOKENOPS_LEAD)
    with world.a.scope():
        services.revoke_api_key(actor=actor, key_id=first.id, reason="Leaked")
        past = clock.now() - timedelta(minutes=5)
        ApiKey.objects.filter(id=second.id).update(expires_at=past)
        assert selectors.live_key(hash_secret(secret)) is None
        assert selectors.live_key(hash_secret(other)) is None
        with pytest.raises(Conflict, match="revoked"):
            services.rotate_api_key(actor=actor, key_id=first.id)
        assert TrailEvent.objects.latest("id").reason == "Leaked"
    assert doors.org_for_api_key(hash_secret(secret)) is None
    assert doors.org_for_api_key(hash_secret(other)) is None


def test_keys_of_another_organization_are_not_there(world):
    key, _ = create(world.b, by=Role.OWNER)
    owner = world.a.actor(Role.OWNER)
    with world.a.scope():
        for act in (services.rotate_api_key, services.revoke_api_key):
            with pytest.raises(NotFound):
                act(actor=owner, key_id=key.id)


def test_the_last_use_is_written_at_most_once_a_minute(world, django_assert_num_queries):
    key, _ = create(world.a)
    with world.a.scope():
        services.record_use(key)
        key.refresh_from_db()
        assert clock.now() - key.last_used_at < timedelta(seconds=5)
        with django_assert_num_queries(0):
            services.record_use(key)


def test_a_unit_role_sees_the_keys_of_its_units(world):
    create(world.a, by=Role.OWNER, scopes=["usage.view"], unit="core")
    create(world.a, by=Role.OWNER, scopes=["usage.view"], unit="claims")
    create(world.a, by=Role.OWNER)
    lead, auditor = world.a.actor(Role.UNIT_LEAD), world.a.actor(Role.AUDITOR)
    with world.a.scope():
        assert [key.unit.name for key in selectors.api_keys(lead)] == ["Core"]
        assert len(selectors.api_keys(auditor)) == 3
