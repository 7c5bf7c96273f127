"""Planning an audit, and the conditional change every action on one goes through."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import require
from apps.audits import events, rules
from apps.audits.models import Audit
from apps.audits.selectors import SIGNING_ROLES
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Invalid, NotFound
from apps.organizations.models import Organization, Unit
from apps.tenancy.scope import require_organization_id
from apps.trail.services import record

DEFAULT_ROLES = (Role.CIO, Role.CFO)
"""Neither runs audits: whoever led one, or issued its report, does not sign it."""


@transaction.atomic
def plan_audit(
    *,
    actor: Actor,
    title: str,
    period_start: date,
    period_end: date,
    unit_id: UUID | None = None,
    purpose: str = "",
    required_roles: Sequence[str] = DEFAULT_ROLES,
) -> Audit:
    """Create an audit of [period_start, period_end). The actor leads it.

    Raises Invalid for an empty title, an empty or future period, fewer than two signing roles, or
    a role that does not sign.
    """
    require(actor, P.AUDIT_RUN, unit_id=unit_id)
    _check_plan(title, period_start, period_end, required_roles)
    if actor.membership_id is None:
        raise Invalid("an audit is led by a person", fix="plan it as a member, not with an API key")
    if unit_id is not None and not Unit.objects.filter(id=unit_id).exists():
        raise NotFound("no such unit")
    organization = Organization.objects.get()
    audit = Audit.objects.create(
        ref=_next_ref(period_end.year),
        title=title.strip(),
        purpose=purpose.strip(),
        unit_id=unit_id,
        period_start=period_start,
        period_end=period_end,
        currency=organization.currency,
        lead_id=actor.membership_id,
        required_roles=[str(role) for role in dict.fromkeys(required_roles)],
    )
    record(
        actor=actor,
        action=events.AUDIT_PLANNED,
        obj=audit,
        after={
            "period": f"{period_start}/{period_end}",
            "unit": str(unit_id) if unit_id else None,
            "required_roles": audit.required_roles,
        },
    )
    return audit


def _check_plan(title: str, start: date, end: date, roles: Sequence[str]) -> None:
    errors = []
    if not title.strip():
        errors.append(FieldError("title", "the title is empty", "say what the audit is about"))
    if end <= start:
        errors.append(
            FieldError("period_end", "the period ends before it starts", "choose a later end")
        )
    elif start > clock.today():
        errors.append(
            FieldError("period_start", "the period has not begun", "choose a period with usage")
        )
    known = [role.value for role in SIGNING_ROLES]
    if unknown := [role for role in roles if role not in known]:
        errors.append(
            FieldError(
                "required_roles",
                f"these roles do not sign: {', '.join(unknown)}",
                f"choose from {', '.join(known)}",
            )
        )
    elif len(set(roles)) < 2:
        errors.append(
            FieldError("required_roles", "fewer than two roles sign", "choose at least two roles")
        )
    if errors:
        raise Invalid("the audit cannot be planned like this", errors=errors)


def _next_ref(year: int) -> str:
    """AUD-2026-01, -02, …; the lock makes numbers gapless and unique under concurrency."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"audits.ref:{require_organization_id()}"],
        )
    prefix = f"AUD-{year}-"
    taken = Audit.objects.filter(ref__gte=prefix, ref__lt=prefix + "~").values_list(
        "ref", flat=True
    )
    return f"{prefix}{max((int(ref.rsplit('-', 1)[1]) for ref in taken), default=0) + 1:02d}"


def move_audit(audit: Audit, action: str, version: int, **changes: Any) -> Audit:
    """Apply an action if the audit is still in `version` and in a state the action starts from.

    Raises Conflict otherwise; nothing is written then.
    """
    sources, target = rules.AUDIT_TRANSITIONS[action]
    moved = Audit.objects.filter(id=audit.id, version=version, status__in=sources).update(
        status=target, version=F("version") + 1, **changes
    )
    if not moved:
        raise Conflict(
            f"{audit.ref} has changed since you opened it, or is not ready for this",
            code="stale_audit",
            fix="reload the audit and decide again",
        )
    audit.refresh_from_db()
    return audit
