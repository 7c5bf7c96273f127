"""Changes to sources. Each states who acts, is checked, and leaves a trail event."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid
from apps.connectors import crypto, events, guard, rules
from apps.connectors.enums import (
    COMPARISON_ALWAYS,
    PULLED_KINDS,
    SourceKind,
    SourceRole,
    SourceStatus,
    default_role,
)
from apps.connectors.models import Source
from apps.connectors.providers.registry import KINDS
from apps.connectors.services.compare import forget_comparison
from apps.connectors.services.guards import (
    apply_changes,
    managed_source,
    pulled_source,
    request_run,
)
from apps.ledger.services import mark_coverage
from apps.trail.services import record

DEFAULT_HISTORY_DAYS = 120
FIELDS = ("name", "base_url", "account", "schedule_minutes", "role")
_SHORTEST_CREDENTIAL = 8
_LONGEST_CREDENTIAL = 1000


@dataclass(frozen=True, slots=True)
class _Settings:
    """The checked settings of a source."""

    name: str
    base_url: str
    account: str
    schedule_minutes: int
    role: str


def create_source(
    *,
    actor: Actor,
    name: str,
    kind: str,
    base_url: str = "",
    credential: str = "",
    account: str = "",
    schedule_minutes: int | None = None,
    history_from: date | None = None,
    role: str = "",
) -> Source:
    """Connect a source. A pulled one begins to read its history at once.

    `role` "" and `schedule_minutes` None take what is usual for the kind. `history_from` is the
    first UTC day to read (default: 120 days ago, at most a year). Raises Forbidden, Invalid for
    wrong fields, Conflict for a name that is taken.
    """
    require(actor, P.SOURCE_MANAGE)
    if kind not in SourceKind.values:
        raise Invalid("There is no such kind of source.", field="kind", fix="Choose a kind.")
    pulled = kind in PULLED_KINDS
    if schedule_minutes is None:
        schedule_minutes = KINDS[kind].schedule if pulled else 15
    settings = _checked(kind, name, base_url, account, schedule_minutes, role or default_role(kind))
    today = clock.today()
    first = history_from or today - timedelta(days=DEFAULT_HISTORY_DAYS)
    if not today - timedelta(days=rules.MAX_HISTORY_DAYS) <= first <= today:
        raise Invalid(
            "History begins at most a year ago and not in the future.",
            field="history_from",
            fix="Choose a day of the last 365 days.",
        )
    secret = _secret(kind, credential) if pulled else ""
    source = Source(
        name=settings.name,
        name_norm=settings.name.casefold(),
        kind=kind,
        role=settings.role,
        base_url=settings.base_url,
        account=settings.account,
        credential=crypto.encrypt(secret) if secret else "",
        credential_hint=crypto.hint(secret) if secret else "",
        credential_set_at=clock.now() if secret else None,
        schedule_minutes=settings.schedule_minutes,
        history_from=first if pulled else None,
        next_pull_at=clock.now() if pulled else None,
    )
    _save_new(source)
    record(actor=actor, action=events.SOURCE_ADDED, obj=source, after=_described(source))
    if pulled:
        request_run(source, actor, check=False)
    elif not source.is_compared:
        mark_coverage(source_id=source.id, complete_through=None, name=source.name)
    return source


def intake_source(*, actor: Actor, kind: SourceKind, name: str) -> Source:
    """The source that records handed in by callers belong to; made on first use.

    For the records API and CSV imports, whose own permission the caller has checked.
    """
    norm = name.strip().casefold()
    found = Source.objects.filter(name_norm=norm, kind=kind).first()
    if found is not None:
        return found
    source = Source(name=name.strip(), name_norm=norm, kind=kind)
    _save_new(source)
    record(actor=actor, action=events.SOURCE_ADDED, obj=source, after=_described(source))
    mark_coverage(source_id=source.id, complete_through=None, name=source.name)
    return source


def change_source(*, actor: Actor, source_id: UUID, version: int, **changes: Any) -> Source:
    """Change some of FIELDS of the version that was read.

    The account is part of the identity of records: it is fixed once usage was read. Another role
    reads the history again: what is only compared leaves the ledger window by window, as a
    restatement, and what counts leaves the comparison at once. Raises NotFound,
    Forbidden, Invalid, and Conflict when somebody changed the source meanwhile.
    """
    source = managed_source(actor, source_id)
    unknown = sorted(set(changes) - set(FIELDS))
    if unknown:
        raise Invalid(
            "Some fields cannot be changed.",
            errors=[FieldError(name, "This field cannot be changed.") for name in unknown],
        )
    values = {name: changes.get(name, getattr(source, name)) for name in FIELDS}
    settings = _checked(source.kind, **values)
    if settings.account != source.account and source.cursor is not None:
        raise Invalid(
            "The account is part of the records that were read.",
            field="account",
            fix="Add another source for the other account.",
        )
    reads_calls = source.kind in KINDS and KINDS[source.kind].calls is not None
    if settings.role != source.role and source.in_ledger and reads_calls:
        raise Invalid(
            "Its calls are in the ledger, and a call that happened is never withdrawn.",
            field="role",
            fix="Pause this source and connect another one for comparison.",
        )
    if settings.role != source.role and source.kind not in PULLED_KINDS:
        raise Invalid(
            "What was handed in has another role from a day on.",
            field="role",
            fix="Change its role by itself, with the day.",
        )
    before = _described(source)
    if all(getattr(settings, name) == getattr(source, name) for name in FIELDS):
        return source
    try:
        with transaction.atomic():
            apply_changes(
                source,
                version,
                name=settings.name,
                name_norm=settings.name.casefold(),
                base_url=settings.base_url,
                account=settings.account,
                schedule_minutes=settings.schedule_minutes,
                role=settings.role,
            )
            if settings.role != before["role"]:
                _read_in_its_role(source, actor)
    except IntegrityError as error:
        raise _name_taken(settings.name, error) from error
    after = _described(source)
    record(
        actor=actor,
        action=events.SOURCE_CHANGED,
        obj=source,
        before={k: v for k, v in before.items() if after[k] != v},
        after={k: v for k, v in after.items() if before[k] != v},
    )
    return source


def _read_in_its_role(source: Source, actor: Actor) -> None:
    """After another role: read everything again, from the first day."""
    if not source.is_compared:
        forget_comparison(source)
    source.settled_through = None
    source.next_pull_at = clock.now()
    source.save(update_fields=["settled_through", "next_pull_at"])
    if source.status == SourceStatus.ACTIVE:
        request_run(source, actor, check=False)


def replace_credential(*, actor: Actor, source_id: UUID, version: int, credential: str) -> Source:
    """Store another credential; a blocked source becomes active and is tried at once."""
    source = pulled_source(actor, source_id)
    secret = _secret(source.kind, credential)
    before = {"credential": source.credential_hint}
    changes: dict[str, Any] = {}
    if source.status == SourceStatus.BLOCKED:
        changes = {"status": SourceStatus.ACTIVE, "failures": 0, "next_pull_at": clock.now()}
    apply_changes(
        source,
        version,
        credential=crypto.encrypt(secret),
        credential_hint=crypto.hint(secret),
        credential_set_at=clock.now(),
        last_error="",
        last_error_code="",
        **changes,
    )
    record(
        actor=actor,
        action=events.SOURCE_CREDENTIAL_REPLACED,
        obj=source,
        before=before,
        after={"credential": source.credential_hint},
    )
    request_run(source, actor, check=source.status == SourceStatus.PAUSED)
    return source


def _save_new(source: Source) -> None:
    try:
        with transaction.atomic():
            source.save(force_insert=True)
    except IntegrityError as error:
        raise _name_taken(source.name, error) from error


def _name_taken(name: str, error: IntegrityError) -> Exception:
    if "source_name_unique" not in str(error):
        return error
    return Conflict(
        f"Another source is called {name}.",
        code="name_taken",
        field="name",
        fix="Choose another name.",
    )


def _checked(
    kind: str, name: str, base_url: str, account: str, schedule_minutes: int, role: str
) -> _Settings:
    """Settings in their stored form. Raises Invalid with every field that is wrong."""
    errors: list[FieldError] = []
    name, account = name.strip(), account.strip()
    if not 1 <= len(name) <= 120:
        errors.append(FieldError("name", "A source has a name of 1 to 120 characters.", "Name it."))
    if len(account) > 120:
        errors.append(
            FieldError("account", "The account is too long.", "Use at most 120 characters.")
        )
    url = ""
    if kind in PULLED_KINDS:
        address = base_url.strip() or KINDS[kind].url
        try:
            url = guard.parse_base_url(address).url if address else ""
        except Invalid as error:
            errors += error.errors
        if not address:
            errors.append(
                FieldError("base_url", "This kind has no common address.", "State its address.")
            )
        if not rules.MIN_SCHEDULE <= schedule_minutes <= rules.MAX_SCHEDULE:
            errors.append(
                FieldError(
                    "schedule_minutes",
                    "A source is read every 5 minutes at most, and once a day at least.",
                    "Choose 5 to 1440 minutes.",
                )
            )
    errors += _role_errors(kind, role)
    if errors:
        raise Invalid("The source is not complete.", errors=errors)
    return _Settings(name, url, account, schedule_minutes, role)


def _role_errors(kind: str, role: str) -> list[FieldError]:
    if role not in SourceRole.values:
        known = " or ".join(SourceRole.values)
        return [FieldError("role", "There is no such role.", f"Choose {known}.")]
    if role == SourceRole.RECORD and kind in COMPARISON_ALWAYS:
        return [
            FieldError(
                "role",
                "This usage is part of what the provider reports for its keys already.",
                "Choose comparison only.",
            )
        ]
    return []


def _secret(kind: str, credential: str) -> str:
    secret = credential.strip()
    printable = secret.isascii() and secret.isprintable() and " " not in secret
    if not printable or not _SHORTEST_CREDENTIAL <= len(secret) <= _LONGEST_CREDENTIAL:
        raise Invalid(
            "This is not an API key.",
            field="credential",
            fix="Paste the key as the provider shows it, without spaces.",
        )
    if kind in KINDS and KINDS[kind].pair and not all(secret.partition(":")):
        raise Invalid(
            "Two keys are needed here.",
            field="credential",
            fix="Join the public and the secret key by a colon.",
        )
    return secret


def _described(source: Source) -> dict[str, Any]:
    """Settings for the trail, without any secret."""
    return {
        "name": source.name,
        "kind": source.kind,
        "base_url": source.base_url,
        "account": source.account,
        "schedule_minutes": source.schedule_minutes,
        "role": source.role,
        "history_from": source.history_from.isoformat() if source.history_from else None,
        "credential": source.credential_hint,
    }
