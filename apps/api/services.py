"""Idempotency keys: begin, finish, forget."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse

from apps.access.actors import Actor
from apps.api.models import IdempotencyKey
from apps.common import clock
from apps.common.errors import Conflict, DomainError, Invalid, TooLarge
from apps.common.ids import uuid7
from apps.tenancy.scope import require_organization_id

KEPT = timedelta(days=2)
MAX_KEY = 255
_LOCK_NOT_AVAILABLE = "55P03"


class LengthRequired(DomainError):
    """A body of unknown length cannot be told from another one before it is used."""

    status, code, title = 411, "length_required", "The length of the body is missing"


def fingerprint(request: HttpRequest) -> str:
    """What makes two calls the same call: method, address with query, and body.

    Of a form its fields and files, however large: clients put another boundary between them each
    time. Raises LengthRequired for a chunked body, TooLarge for one over the limit of plain bodies.
    """
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type == "multipart/form-data" and request.method == "POST":
        for part in _parts(request):
            digest.update(len(part).to_bytes(8) + part)
        return digest.hexdigest()
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        raise LengthRequired(
            "an Idempotency-Key cannot protect a chunked body",
            field="Idempotency-Key",
            fix="send Content-Length, or leave out Idempotency-Key",
        )
    try:
        digest.update(request.body)
    except RequestDataTooBig:
        raise TooLarge(
            "the body is too large", code="body_too_large", fix="split it into smaller bodies"
        ) from None
    return digest.hexdigest()


def _parts(request: HttpRequest) -> Iterator[bytes]:
    for name, values in sorted(request.POST.lists()):
        yield name.encode()
        for value in values:
            yield str(value).encode()
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            yield f"{name} {file.name} {file.content_type} {file.size}".encode()
            yield from file.chunks()
            file.seek(0)


def begin(*, actor: Actor, key: str, mark: str) -> IdempotencyKey | None:
    """Claim the key for this call, or return the row of the call that had it before.

    None: the key is new and now claimed in the open transaction. Raises Invalid when the key was
    used for a different call, Conflict when the first call has not ended yet.
    """
    if len(key) > MAX_KEY:
        raise Invalid(
            f"Idempotency-Key is longer than {MAX_KEY} characters",
            field="Idempotency-Key",
            fix="use a UUID",
        )
    principal = f"{actor.kind}:{actor.id}"
    if _claim(principal, key, mark):
        return None
    first = IdempotencyKey.objects.get(principal=principal, key=key)
    if first.fingerprint != mark:
        raise Invalid(
            "this Idempotency-Key was used for another call",
            code="idempotency_key_reused",
            field="Idempotency-Key",
            fix="send a new key for a new call, and repeat a call without any change",
        )
    return first


def _claim(principal: str, key: str, mark: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO api_idempotencykey (id, organization_id, principal, key, fingerprint,"
                " status, content_type, body, created_at) "
                "VALUES (%s, %s, %s, %s, %s, 0, '', '', %s) ON CONFLICT DO NOTHING",
                [uuid7(), require_organization_id(), principal, key, mark, clock.now()],
            )
            return cursor.rowcount == 1
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == _LOCK_NOT_AVAILABLE:
            raise Conflict(
                "the first call with this Idempotency-Key is still running",
                code="idempotency_in_progress",
                fix="repeat the call in a few seconds",
            ) from None
        raise


def finish(*, actor: Actor, key: str, response: HttpResponse) -> None:
    """Keep the answer; an answer with an error is not kept, so the call may be repeated."""
    rows = IdempotencyKey.objects.filter(principal=f"{actor.kind}:{actor.id}", key=key)
    if response.status_code >= 400 or response.streaming:
        rows.delete()
        return
    rows.update(
        status=response.status_code,
        content_type=response.headers.get("Content-Type", ""),
        body=getattr(response, "kept_body", response.content),
    )


def replay(first: IdempotencyKey) -> HttpResponse:
    """The kept answer, marked as a repetition."""
    response = HttpResponse(bytes(first.body), status=first.status, content_type=first.content_type)
    response["Idempotency-Replayed"] = "true"
    return response


def prune() -> int:
    """Forget keys after two days."""
    return IdempotencyKey.objects.filter(created_at__lt=clock.now() - KEPT).delete()[0]
