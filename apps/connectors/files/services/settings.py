"""Connecting a place of files, and changing where or what it reads."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid
from apps.connectors import crypto, events, guard, rules
from apps.connectors.enums import SourceKind, SourceRole
from apps.connectors.files import places
from apps.connectors.files.enums import Content, Place
from apps.connectors.files.models import FileLocation
from apps.connectors.files.selectors import location_of
from apps.connectors.imports.selectors import saved_by_id
from apps.connectors.models import Source
from apps.connectors.services.guards import apply_changes, managed_source, request_run
from apps.ledger.services import mark_coverage
from apps.trail.services import record

_BUCKET = re.compile(r"^[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]$")
_REGION = re.compile(r"^[a-z0-9\-]{0,40}$")
LAG_SECONDS = 2 * 86_400
"""Cost exports are of the day before, or of the day before that."""


@dataclass(frozen=True, slots=True)
class Where:
    """A place as a person describes it. `secret` is empty for "as it was"."""

    place: str
    folder: str = ""
    endpoint: str = ""
    bucket: str = ""
    prefix: str = ""
    region: str = ""
    access_key: str = ""
    secret: str = ""
    content: str = Content.AUTO.value
    saved: UUID | None = None
    bill_only: bool = False


def connect_files(
    *,
    actor: Actor,
    name: str,
    where: Where,
    schedule_minutes: int = 60,
    history_from: date | None = None,
    role: str = SourceRole.RECORD,
) -> Source:
    """Connect a folder or a bucket; the first run begins at once. With `role` comparison, usage in
    its files is compared and never counted; lines of bills are the same either way.

    Files that were last changed before `history_from` are left alone (default: a year ago). Raises
    Forbidden, Invalid for wrong fields, Conflict for a name that is taken.
    """
    require(actor, P.SOURCE_MANAGE)
    values, errors = _checked(where, new=True)
    errors += _checked_name(name) + _checked_schedule(schedule_minutes)
    if role not in SourceRole.values:
        errors.append(FieldError("role", "There is no such role.", "record or comparison"))
    first = history_from or clock.today() - timedelta(days=rules.MAX_HISTORY_DAYS)
    if errors:
        raise Invalid("The source is not complete.", errors=errors)
    secret = where.secret.strip()
    source = Source(
        name=name.strip(),
        name_norm=name.strip().casefold(),
        kind=SourceKind.FILES,
        role=role,
        base_url=values.pop("endpoint"),
        credential=crypto.encrypt(secret) if secret else "",
        credential_hint=crypto.hint(secret) if secret else "",
        credential_set_at=clock.now() if secret else None,
        schedule_minutes=schedule_minutes,
        history_from=first,
        next_pull_at=clock.now(),
    )
    try:
        with transaction.atomic():
            source.save(force_insert=True)
    except IntegrityError as error:
        raise _taken(source.name, error) from error
    location = FileLocation.objects.create(source=source, **values)
    record(actor=actor, action=events.SOURCE_ADDED, obj=source, after=described(source, location))
    mark_coverage(
        source_id=source.id,
        complete_through=None,
        name=source.name,
        expected_lag_seconds=LAG_SECONDS,
        is_active=not source.is_compared,
    )
    request_run(source, actor, check=False)
    return source


def change_files(
    *,
    actor: Actor,
    source_id: UUID,
    version: int,
    name: str,
    where: Where,
    schedule_minutes: int,
) -> Source:
    """Change the place of the version that was read. An empty secret keeps the stored one."""
    source = managed_source(actor, source_id)
    location = location_of(actor, source_id)
    values, errors = _checked(where, new=not source.credential)
    errors += _checked_name(name) + _checked_schedule(schedule_minutes)
    if errors:
        raise Invalid("The source is not complete.", errors=errors)
    before = described(source, location)
    secret = where.secret.strip()
    changes: dict[str, Any] = {}
    if secret:
        changes = {
            "credential": crypto.encrypt(secret),
            "credential_hint": crypto.hint(secret),
            "credential_set_at": clock.now(),
        }
    try:
        with transaction.atomic():
            apply_changes(
                source,
                version,
                name=name.strip(),
                name_norm=name.strip().casefold(),
                base_url=values.pop("endpoint"),
                schedule_minutes=schedule_minutes,
                **changes,
            )
    except IntegrityError as error:
        raise _taken(name.strip(), error) from error
    FileLocation.objects.filter(id=location.id).update(**values)
    location.refresh_from_db()
    after = described(source, location)
    record(
        actor=actor,
        action=events.SOURCE_CHANGED,
        obj=source,
        before={k: v for k, v in before.items() if after[k] != v},
        after={k: v for k, v in after.items() if before[k] != v},
    )
    request_run(source, actor, check=False)
    return source


def described(source: Source, location: FileLocation) -> dict[str, Any]:
    """Settings for the trail, without any secret."""
    return {
        "name": source.name,
        "kind": source.kind,
        "role": source.role,
        "schedule_minutes": source.schedule_minutes,
        "credential": source.credential_hint,
        "base_url": source.base_url,
        "place": location.place,
        "folder": location.folder,
        "bucket": location.bucket,
        "prefix": location.prefix,
        "region": location.region,
        "access_key": location.access_key,
        "content": location.content,
        "bill_only": location.bill_only,
    }


def _checked(where: Where, *, new: bool) -> tuple[dict[str, Any], list[FieldError]]:
    errors: list[FieldError] = []
    values: dict[str, Any] = {
        "place": where.place,
        "folder": "",
        "endpoint": "",
        "bucket": "",
        "prefix": "",
        "region": "",
        "access_key": "",
        "content": where.content,
        "saved_id": None,
        "bill_only": where.bill_only,
    }
    if where.content not in [content.value for content in Content]:
        errors.append(FieldError("content", "Unknown content.", "Choose what the files hold."))
    if where.content == Content.SAVED:
        if where.saved is None:
            errors.append(FieldError("saved", "No saved mapping was chosen.", "Choose one."))
        else:
            values["saved_id"] = saved_by_id(where.saved).id
    if where.place == Place.FOLDER:
        errors += _folder(where, values)
    elif where.place == Place.BUCKET:
        errors += _bucket(where, values, new=new)
    else:
        errors.append(FieldError("place", "Unknown place.", "folder or bucket"))
    return values, errors


def _folder(where: Where, values: dict[str, Any]) -> list[FieldError]:
    if not settings.IMPORT_FOLDERS:
        return [
            FieldError(
                "place",
                "No folder of this server may be read.",
                "Have one listed in IMPORT_FOLDERS, or use a bucket.",
            )
        ]
    try:
        values["folder"] = places.relative(where.folder)
    except Invalid as error:
        return list(error.errors)
    return []


def _bucket(where: Where, values: dict[str, Any], *, new: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    region = where.region.strip().lower()
    try:
        raw = where.endpoint.strip() or f"https://s3.{region or 'us-east-1'}.amazonaws.com"
        values["endpoint"] = guard.parse_base_url(raw).url
    except Invalid as error:
        errors += [FieldError("endpoint", e.message, e.fix) for e in error.errors]
    values |= {
        "bucket": where.bucket.strip(),
        "prefix": where.prefix.strip().lstrip("/")[:500],
        "region": region,
        "access_key": where.access_key.strip(),
    }
    if not _BUCKET.match(values["bucket"]):
        errors.append(
            FieldError("bucket", "This is not the name of a bucket.", "Its name alone, no address.")
        )
    if not _REGION.match(region):
        errors.append(FieldError("region", "This is not a region.", "Like eu-central-1."))
    if not values["access_key"] or len(values["access_key"]) > 128:
        errors.append(FieldError("access_key", "The access key is missing.", "Paste its id."))
    secret = where.secret.strip()
    if (new and not secret) or (secret and not (secret.isascii() and len(secret) <= 1000)):
        errors.append(
            FieldError("secret", "This is not a secret key.", "Paste the secret access key.")
        )
    return errors


def _checked_name(name: str) -> list[FieldError]:
    if 1 <= len(name.strip()) <= 120:
        return []
    return [FieldError("name", "A source has a name of 1 to 120 characters.", "Name it.")]


def _checked_schedule(minutes: int) -> list[FieldError]:
    if rules.MIN_SCHEDULE <= minutes <= rules.MAX_SCHEDULE:
        return []
    return [
        FieldError(
            "schedule_minutes",
            "A source is read every 5 minutes at most, and once a day at least.",
            "Choose 5 to 1440 minutes.",
        )
    ]


def _taken(name: str, error: IntegrityError) -> Exception:
    if "source_name_unique" not in str(error):
        return error
    return Conflict(
        f"Another source is called {name}.",
        code="name_taken",
        field="name",
        fix="Choose another name.",
    )
