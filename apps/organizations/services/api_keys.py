"""API keys: made once, shown once, stored as a hash."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection

from apps.access.actors import Actor
from apps.access.permissions import PER_UNIT, P
from apps.access.services import can, require
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Forbidden, Invalid
from apps.organizations import events, rules, selectors
from apps.organizations.enums import KeyState
from apps.organizations.models import ApiKey
from apps.organizations.refs import key_ref
from apps.organizations.tokens import hash_secret, new_key_secret
from apps.trail.services import record

_PREFIX_LENGTH = 12


def create_api_key(
    *,
    actor: Actor,
    name: str,
    scopes: Iterable[str],
    unit_id: UUID | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A key and its secret, which nobody can read again.

    A key never holds more than its maker does. Without an expiry it lives 90 days; at most a year.
    Raises Forbidden, NotFound or Invalid.
    """
    require(actor, P.APIKEY_MANAGE, unit_id=unit_id)
    wanted = rules.ordered_scopes(scopes := list(scopes))
    title, ends = " ".join(name.split()), expires_at or clock.now() + rules.KEY_LIFETIME_DEFAULT
    if problems := _problems(title, scopes, unit_id, ends):
        raise Invalid("The key was not created.", errors=problems)
    for scope in wanted:
        if not can(actor, P(scope), unit_id=unit_id):
            raise Forbidden(
                f"You cannot give a key the permission {scope}: you do not hold it there.",
                code="scope_not_held",
            )
    unit = None if unit_id is None else selectors.unit_by_id(unit_id)
    key, secret = _make(actor, name=title, scopes=wanted, unit_id=unit_id, expires_at=ends)
    record(
        actor=actor,
        action=events.APIKEY_CREATED,
        obj=key_ref(key),
        after={
            "scopes": wanted,
            "unit": unit.name if unit else None,
            "expires_at": ends.isoformat(),
        },
    )
    return key, secret


def rotate_api_key(*, actor: Actor, key_id: UUID) -> tuple[ApiKey, str]:
    """A successor with the same name, permissions, unit and lifetime. The old key ends in 24 hours.

    Raises Conflict for a key that is not active.
    """
    old = _locked(actor, key_id)
    if old.state() is not KeyState.ACTIVE:
        raise Conflict(f"The key is {old.state().label.lower()}.", code="key_not_active")
    for scope in old.scopes:
        if not can(actor, P(scope), unit_id=old.unit_id):
            raise Forbidden(f"You do not hold {scope} there.", code="scope_not_held")
    now = clock.now()
    key, secret = _make(
        actor,
        name=old.name,
        scopes=old.scopes,
        unit_id=old.unit_id,
        expires_at=now + (old.expires_at - old.created_at),
        replaces=old,
    )
    old.expires_at = min(old.expires_at, now + rules.ROTATION_OVERLAP)
    old.save(update_fields=["expires_at"])
    record(
        actor=actor,
        action=events.APIKEY_ROTATED,
        obj=key_ref(old),
        before={"prefix": old.prefix},
        after={"prefix": key.prefix, "old_key_ends": old.expires_at.isoformat()},
    )
    return key, secret


def revoke_api_key(*, actor: Actor, key_id: UUID, reason: str = "") -> ApiKey:
    """End a key at once."""
    key = _locked(actor, key_id)
    if key.revoked_at is None:
        key.revoked_at = clock.now()
        key.save(update_fields=["revoked_at"])
        record(actor=actor, action=events.APIKEY_REVOKED, obj=key_ref(key), reason=reason.strip())
    return key


def record_use(key: ApiKey) -> None:
    """Write the last use, at most once a minute, and never wait for another request's write."""
    now = clock.now()
    if key.last_used_at is not None and now - key.last_used_at < rules.LAST_USE_GRAIN:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE organizations_apikey SET last_used_at = %s "
            "WHERE organization_id = %s AND id IN (SELECT id FROM organizations_apikey "
            "WHERE organization_id = %s AND id = %s FOR UPDATE SKIP LOCKED)",
            [now, key.organization_id, key.organization_id, key.id],
        )


def _make(
    actor: Actor,
    *,
    name: str,
    scopes: list[str],
    unit_id: UUID | None,
    expires_at: datetime,
    replaces: ApiKey | None = None,
) -> tuple[ApiKey, str]:
    secret = new_key_secret()
    key = ApiKey.objects.create(
        name=name,
        prefix=secret[:_PREFIX_LENGTH],
        key_hash=hash_secret(secret),
        scopes=scopes,
        unit_id=unit_id,
        created_by_id=actor.membership_id or actor.id,
        created_by_name=actor.name,
        expires_at=expires_at,
        replaces=replaces,
    )
    return key, secret


def _problems(
    name: str, scopes: list[str], unit_id: UUID | None, expires_at: datetime
) -> list[FieldError]:
    problems: list[FieldError] = []
    now = clock.now()
    if not name or len(name) > 120:
        problems.append(FieldError("name", "Give a name of 1 to 120 characters."))
    if not scopes:
        problems.append(FieldError("scopes", "Choose at least one permission."))
    if unknown := rules.scope_problems(scopes):
        problems.append(FieldError("scopes", "A key cannot hold: " + ", ".join(unknown)))
    elif unit_id is not None:
        whole = [scope for scope in scopes if P(scope) not in PER_UNIT and P(scope) != P.ORG_VIEW]
        if whole:
            problems.append(
                FieldError(
                    "scopes",
                    "These concern the whole organization: " + ", ".join(whole),
                    "Leave the unit empty, or leave these permissions out.",
                )
            )
    if not now < expires_at <= now + rules.KEY_LIFETIME_MAX:
        problems.append(FieldError("expires_at", "Choose an end within the next 366 days."))
    return problems


def _locked(actor: Actor, key_id: UUID) -> ApiKey:
    found = selectors.key_by_id(key_id)
    require(actor, P.APIKEY_MANAGE, unit_id=found.unit_id)
    return ApiKey.objects.select_for_update().get(id=found.id)
