"""Changes to sources. Each states who acts, is checked, and leaves a trail event."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid, NotFound
from apps.connectors import crypto, events, guard, rules
from apps.connectors.enums import PULLED_KINDS, SourceKind, SourceStatus
from apps.connectors.models import Source
from apps.connectors.providers.registry import DEFAULT_URLS
from apps.ledger.services import mark_coverage
from apps.outbox.services import enqueue
from apps.trail.services import record

PULL_REQUESTED = "source.pull_requested"
DEFAULT_HISTORY_DAYS = 120
FIELDS = ("name", "base_url", "account", "schedule_minutes")
_SHORTEST_CREDENTIAL = 8
_LONGEST_CREDENTIAL = 1000


@dataclass(frozen=True, slots=True)
class _Settings:
    """The checked settings of a source."""

    name: str
    base_url: str
    account: str
    schedule_minutes: int


def create_source(
    *,
    actor: Actor,
    name: str,
    kind: str,
    base_url: str = "",
    credential: str = "",
    account: str = "",
    schedule_minutes: int = 15,
    history_from: date | None = None,
) -> Source:
    """Connect a source. A pulled one begins to read its history at once.

    `history_from` is the first UTC day to read (default: 120 days ago, at most a year). Raises
    Forbidden, Invalid for wrong fields, Conflict for a name that is taken.
    """
    require(actor, P.SOURCE_MANAGE)
    if kind not in SourceKind.values:
        raise Invalid("There is no such kind of source.", field="kind", fix="Choose a kind.")
    pulled = kind in PULLED_KINDS
    settings = _checked(kind, name, base_url, account, schedule_minutes)
    today = clock.today()
    first = history_from or today - timedelta(days=DEFAULT_HISTORY_DAYS)
    if not today - timedelta(days=rules.MAX_HISTORY_DAYS) <= first <= today:
        raise Invalid(
            "History begins at most a year ago and not in the future.",
            field="history_from",
            fix="Choose a day of the last 365 days.",
        )
    secret = _secret(credential) if pulled else ""
    source = Source(
        name=settings.name,
        name_norm=settings.name.casefold(),
        kind=kind,
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
        _request(source, actor, check=False)
    else:
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

    The account is part of the identity of records: it is fixed once usage was read. Raises
    NotFound, Forbidden, Invalid, and Conflict when somebody changed the source meanwhile.
    """
    source = _get(actor, source_id)
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
    before = _described(source)
    if all(getattr(settings, name) == getattr(source, name) for name in FIELDS):
        return source
    try:
        with transaction.atomic():
            _update(
                source,
                version,
                name=settings.name,
                name_norm=settings.name.casefold(),
                base_url=settings.base_url,
                account=settings.account,
                schedule_minutes=settings.schedule_minutes,
            )
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


def replace_credential(*, actor: Actor, source_id: UUID, version: int, credential: str) -> Source:
    """Store another credential; a blocked source becomes active and is tried at once."""
    source = _pulled(actor, source_id)
    secret = _secret(credential)
    before = {"credential": source.credential_hint}
    changes: dict[str, Any] = {}
    if source.status == SourceStatus.BLOCKED:
        changes = {"status": SourceStatus.ACTIVE, "failures": 0, "next_pull_at": clock.now()}
    _update(
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
    _request(source, actor, check=source.status == SourceStatus.PAUSED)
    return source


def pause_source(*, actor: Actor, source_id: UUID, version: int, reason: str = "") -> Source:
    """Stop pulling. A run that is under way finds its lease gone and writes nothing."""
    source = _get(actor, source_id)
    if source.status == SourceStatus.PAUSED:
        raise Conflict("This source is paused already.", code="already_paused")
    before = {"status": source.status}
    _update(source, version, status=SourceStatus.PAUSED, lease_run=None, lease_until=None)
    _mark_active(source, active=False)
    record(
        actor=actor,
        action=events.SOURCE_PAUSED,
        obj=source,
        before=before,
        after={"status": source.status},
        reason=reason.strip()[:500],
    )
    return source


def resume_source(*, actor: Actor, source_id: UUID, version: int) -> Source:
    """Pull again, from where the data ended."""
    source = _get(actor, source_id)
    if source.status == SourceStatus.ACTIVE:
        raise Conflict("This source is active already.", code="already_active")
    before = {"status": source.status}
    due = clock.now() if source.is_pulled else None
    _update(source, version, status=SourceStatus.ACTIVE, failures=0, next_pull_at=due)
    _mark_active(source, active=True)
    record(
        actor=actor,
        action=events.SOURCE_RESUMED,
        obj=source,
        before=before,
        after={"status": source.status},
    )
    if source.is_pulled:
        _request(source, actor, check=False)
    return source


def request_pull(*, actor: Actor, source_id: UUID) -> Source:
    """Have a worker read the source now. Asking twice does it once."""
    source = _pulled(actor, source_id)
    if source.status != SourceStatus.ACTIVE:
        raise Conflict(
            "A source that is paused or blocked is not read.",
            code="source_not_active",
            fix="Resume it, or replace its credential.",
        )
    Source.objects.filter(id=source.id).update(next_pull_at=clock.now())
    _request(source, actor, check=False)
    return source


def request_check(*, actor: Actor, source_id: UUID) -> Source:
    """Have a worker test the connection; the answer is a run of kind "check"."""
    source = _pulled(actor, source_id)
    _request(source, actor, check=True)
    return source


def read_again(*, actor: Actor, source_id: UUID, from_day: date, reason: str = "") -> Source:
    """Read everything from a day on once more; unchanged records cause no write."""
    source = _pulled(actor, source_id)
    today = clock.today()
    if not today - timedelta(days=rules.MAX_HISTORY_DAYS) <= from_day <= today:
        raise Invalid(
            "The day is more than a year ago or in the future.",
            field="from_day",
            fix="Choose a day of the last 365 days.",
        )
    first = min(source.history_from or from_day, from_day)
    Source.objects.filter(id=source.id).update(
        settled_through=rules.midnight(from_day), history_from=first, next_pull_at=clock.now()
    )
    record(
        actor=actor,
        action=events.SOURCE_READ_AGAIN,
        obj=source,
        after={"from_day": from_day.isoformat()},
        reason=reason.strip()[:500],
    )
    source.refresh_from_db()
    if source.status == SourceStatus.ACTIVE:
        _request(source, actor, check=False)
    return source


def reencrypt_credentials() -> int:
    """Put every credential of the open scope under the first key; the number rewritten."""
    count = 0
    for source in Source.objects.exclude(credential="").only("id", "credential"):
        Source.objects.filter(id=source.id, credential=source.credential).update(
            credential=crypto.rotate(source.credential)
        )
        count += 1
    return count


def _request(source: Source, actor: Actor, *, check: bool) -> None:
    payload = {
        "source_id": str(source.id),
        "check": int(check),
        "requested_by": actor.name[:200],
    }
    enqueue(PULL_REQUESTED, key=f"source:{source.id}", payload=payload)


def _get(actor: Actor, source_id: UUID) -> Source:
    require(actor, P.SOURCE_MANAGE)
    source = Source.objects.filter(id=source_id).first()
    if source is None:
        raise NotFound("There is no such source.", code="source_not_found")
    return source


def _pulled(actor: Actor, source_id: UUID) -> Source:
    source = _get(actor, source_id)
    if not source.is_pulled:
        raise Conflict(
            "Nothing is pulled from this source: its records are handed in.",
            code="source_not_pulled",
        )
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


def _update(source: Source, version: int, **values: Any) -> None:
    """Apply to the version that was read. Raises Conflict for another one."""
    changed = Source.objects.filter(id=source.id, version=version).update(
        version=F("version") + 1, updated_at=clock.now(), **values
    )
    if not changed:
        raise Conflict(
            "Somebody changed this source meanwhile.",
            code="version_changed",
            fix="Load the page again and repeat your change.",
        )
    source.refresh_from_db()


def _mark_active(source: Source, *, active: bool) -> None:
    mark_coverage(
        source_id=source.id,
        complete_through=source.cursor,
        name=source.name,
        is_active=active,
        expected_lag_seconds=int(rules.expected_lag(source.schedule_minutes).total_seconds()),
    )


def _checked(kind: str, name: str, base_url: str, account: str, schedule_minutes: int) -> _Settings:
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
        try:
            url = guard.parse_base_url(base_url or DEFAULT_URLS[SourceKind(kind)]).url
        except Invalid as error:
            errors += error.errors
        if not rules.MIN_SCHEDULE <= schedule_minutes <= rules.MAX_SCHEDULE:
            errors.append(
                FieldError(
                    "schedule_minutes",
                    "A source is read every 5 minutes at most, and once a day at least.",
                    "Choose 5 to 1440 minutes.",
                )
            )
    if errors:
        raise Invalid("The source is not complete.", errors=errors)
    return _Settings(name, url, account, schedule_minutes)


def _secret(credential: str) -> str:
    secret = credential.strip()
    printable = secret.isascii() and secret.isprintable() and " " not in secret
    if not printable or not _SHORTEST_CREDENTIAL <= len(secret) <= _LONGEST_CREDENTIAL:
        raise Invalid(
            "This is not an API key.",
            field="credential",
            fix="Paste the admin key as the provider shows it, without spaces.",
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
        "history_from": source.history_from.isoformat() if source.history_from else None,
        "credential": source.credential_hint,
    }
