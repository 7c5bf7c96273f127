"""Declaring provider accounts, deciding about them, and forgetting what was declared by mistake."""

from django.db import transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid, NotFound
from apps.connectors import events
from apps.connectors.accounts.selectors import place_of, require_whole
from apps.connectors.enums import KeyStanding
from apps.connectors.models import ProviderAccount
from apps.trail.services import record

_LIMITS = {"name": 120, "owner": 120, "payment": 120, "note": 500}


@transaction.atomic
def save_account(
    *,
    actor: Actor,
    provider: str,
    account: str,
    standing: str,
    name: str = "",
    owner: str = "",
    payment: str = "",
    note: str = "",
    version: int = 0,
) -> ProviderAccount:
    """Say that an account exists, whose it is, who pays and whether it is wanted.

    `version` is the one that was read; 0 for an account that nobody spoke about. It changes nothing
    at the provider and connects nothing. Raises Forbidden, Invalid, Conflict when somebody decided
    meanwhile.
    """
    require(actor, P.SOURCE_MANAGE)
    require_whole(actor)
    values = {"standing": standing, "name": name, "owner": owner, "payment": payment, "note": note}
    values = {key: " ".join(text.split()) for key, text in values.items()}
    _check(provider, account, values)
    found, norm = place_of(provider, account)
    by = {"declared_by": actor.name[:200], "declared_at": clock.now()}
    known = ProviderAccount.objects.filter(provider=found, account_norm=norm)
    old = known.first()
    before = {key: getattr(old, key) for key in values} if old else {}
    if version == 0:
        row = ProviderAccount(
            provider=found, account=account.strip(), account_norm=norm, **values, **by
        )
        ProviderAccount.objects.bulk_create([row], ignore_conflicts=True)
        changed = known.filter(id=row.id).exists()
    else:
        changed = bool(
            known.filter(version=version).update(**values, **by, version=F("version") + 1)
        )
    if not changed:
        raise _changed()
    row = known.get()
    record(
        actor=actor, action=events.ACCOUNT_SAVED, obj=row, before=before, after=values,
        reason=values["note"],
    )  # fmt: skip
    return row


@transaction.atomic
def forget_account(*, actor: Actor, provider: str, account: str, version: int) -> None:
    """Take back what was declared. An account that usage or a bill names stays in the inventory, as
    one that nobody decided about. Raises Forbidden, NotFound, Conflict."""
    require(actor, P.SOURCE_MANAGE)
    require_whole(actor)
    found, norm = place_of(provider, account)
    row = ProviderAccount.objects.filter(provider=found, account_norm=norm).first()
    if row is None:
        raise NotFound("Nobody declared this account.", code="account_not_found")
    kept = ("standing", *_LIMITS)
    deleted, _ = ProviderAccount.objects.filter(id=row.id, version=version).delete()
    if not deleted:
        raise _changed()
    record(
        actor=actor, action=events.ACCOUNT_FORGOTTEN, obj=row.trail_ref(),
        before={key: getattr(row, key) for key in kept},
    )  # fmt: skip


def _check(provider: str, account: str, values: dict[str, str]) -> None:
    errors = []
    for key, text in (("provider", provider), ("account", account)):
        if not text.strip():
            errors.append(FieldError(key, "It is missing.", "Write it as the provider does."))
        elif len(text.strip()) > 255 or "\x00" in text:
            errors.append(FieldError(key, "It is too long.", "At most 255 characters."))
    if values["standing"] not in KeyStanding.values:
        known = ", ".join(KeyStanding.values)
        errors.append(
            FieldError("standing", "There is no such standing.", f"Choose one of {known}.")
        )
    errors += [
        FieldError(key, "It is too long.", f"At most {most} characters.")
        for key, most in _LIMITS.items()
        if len(values[key]) > most
    ]
    if errors:
        raise Invalid(errors=errors)


def _changed() -> Conflict:
    return Conflict(
        "Somebody decided about this account meanwhile.",
        code="version_changed",
        fix="Load the page again and repeat your decision.",
    )
