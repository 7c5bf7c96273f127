"""Deciding about keys."""

from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, Invalid, NotFound
from apps.connectors import events
from apps.connectors.enums import KeyStanding
from apps.connectors.inventory import selectors
from apps.connectors.models import KeyReview
from apps.trail.services import record


def review_key(
    *,
    actor: Actor,
    provider: str,
    key: str,
    standing: str,
    owner: str = "",
    payment: str = "",
    note: str = "",
    version: int = 0,
) -> KeyReview:
    """Say whether a key is sanctioned, who owns it and who pays. `version` 0: nobody decided yet.

    It changes nothing at the provider. Raises Forbidden, NotFound for a key that neither usage nor
    a directory knows, Invalid, Conflict when somebody decided meanwhile.
    """
    require(actor, P.SOURCE_MANAGE)
    if standing not in KeyStanding.values:
        known = ", ".join(KeyStanding.values)
        raise Invalid("There is no such standing.", field="standing", fix=f"Choose one of {known}.")
    line = selectors.one(actor, provider, key)
    if line is None:
        raise NotFound("There is no such key.", code="key_not_found")
    values = {
        "standing": standing,
        "owner": owner.strip()[:120],
        "payment": payment.strip()[:120],
        "note": note.strip()[:500],
    }
    by = {"reviewed_by": actor.name[:200], "reviewed_at": clock.now(), "label": line.label[:255]}
    before = {}
    if line.review is None and version == 0:
        KeyReview.objects.bulk_create(
            [KeyReview(provider=provider, key=key, **values, **by)], ignore_conflicts=True
        )
        row = KeyReview.objects.get(provider=provider, key=key)
        changed = row.reviewed_at == by["reviewed_at"]
    else:
        rows = KeyReview.objects.filter(provider=provider, key=key, version=version)
        before = {name: getattr(line.review, name) for name in values} if line.review else {}
        changed = bool(rows.update(**values, **by, version=F("version") + 1))
        row = KeyReview.objects.get(provider=provider, key=key)
    if not changed:
        raise Conflict(
            "Somebody decided about this key meanwhile.",
            code="version_changed",
            fix="Load the page again and repeat your decision.",
        )
    record(
        actor=actor, action=events.KEY_REVIEWED, obj=row, before=before, after=values,
        reason=values["note"],
    )  # fmt: skip
    return row
