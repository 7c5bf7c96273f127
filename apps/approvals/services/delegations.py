"""Deputies by dates and scope."""

from datetime import date
from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can, can_anywhere
from apps.approvals import events
from apps.approvals.enums import DelegationKind
from apps.approvals.models import ApprovalDelegation
from apps.approvals.rules.deputies import LONGEST
from apps.approvals.selectors.deputies import delegation_by_id, local_today
from apps.approvals.selectors.places import steps_touched_by
from apps.approvals.services.steps import refresh_steps
from apps.approvals.subjects import labels
from apps.common import clock
from apps.common.errors import Conflict, FieldError, Forbidden, Invalid
from apps.notifications.services import notify
from apps.organizations.selectors import (
    actor_for_membership,
    membership_by_id,
    organization,
    unit_by_id,
)
from apps.tenancy.urls import org_url
from apps.trail.services import record


@transaction.atomic
def create_delegation(
    *,
    actor: Actor,
    deputy_id: UUID,
    starts_on: date,
    ends_on: date,
    person_id: UUID | None = None,
    kind: str = DelegationKind.DELEGATION,
    subject_type: str = "",
    unit_id: UUID | None = None,
    max_amount_nanos: int | None = None,
    note: str = "",
) -> ApprovalDelegation:
    """Name a deputy from a day to a day, both included, for all or a part of what one decides.

    Without `person_id` for oneself; for others only by whoever manages routes. The deputy holds a
    role that decides somewhere; who answers as unit lead only may name another lead. Open steps
    get the deputy at once.

    Raises Forbidden, NotFound (person, unit), Invalid with each wrong field.
    """
    person_id = person_id or actor.membership_id
    if person_id is None:
        raise Forbidden("Only people have deputies.", code="not_a_person")
    if person_id != actor.membership_id and not can(actor, P.APPROVAL_POLICY_MANAGE):
        raise Forbidden(
            "You name a deputy for yourself only.",
            code="permission_required",
            fix="Ask somebody who manages approval routes.",
        )
    person, deputy = membership_by_id(person_id), membership_by_id(deputy_id)
    if unit_id is not None:
        unit_by_id(unit_id)
    errors = _date_errors(starts_on, ends_on)
    decides = can_anywhere(actor_for_membership(person), P.APPROVAL_DECIDE)
    needed = P.APPROVAL_DECIDE if decides else P.APPROVAL_ANSWER
    if person.id == deputy.id:
        errors.append(FieldError("deputy", "Nobody deputises for themselves.", "Choose another."))
    elif not deputy.is_active or not can_anywhere(actor_for_membership(deputy), needed):
        errors.append(
            FieldError("deputy", f"{deputy} has no role that decides.", "Choose somebody who does.")
        )
    if not can_anywhere(actor_for_membership(person), P.APPROVAL_ANSWER):
        errors.append(
            FieldError("person", f"{person} decides nothing.", "Choose somebody who decides.")
        )
    if kind not in {k.value for k in DelegationKind}:
        errors.append(FieldError("kind", "Not a kind.", "Use delegation or absence."))
    if subject_type and subject_type not in labels():
        errors.append(FieldError("subject_type", "Not a subject.", f"Use {', '.join(labels())}."))
    if max_amount_nanos is not None and max_amount_nanos < 0:
        errors.append(FieldError("max_amount", "A limit is 0 or more.", "Leave it empty for none."))
    if errors:
        raise Invalid("The deputy cannot be named like this.", errors=errors)
    row = ApprovalDelegation.objects.create(
        person=person,
        person_name=str(person)[:200],
        deputy=deputy,
        deputy_name=str(deputy)[:200],
        kind=kind,
        starts_on=starts_on,
        ends_on=ends_on,
        subject_type=subject_type,
        unit_id=unit_id,
        max_amount_nanos=max_amount_nanos,
        note=" ".join(note.split())[:300],
        created_by_name=actor.name[:200],
    )
    record(
        actor=actor,
        action=events.DELEGATION_CREATED,
        obj=row,
        after={
            "person": row.person_name,
            "deputy": row.deputy_name,
            "kind": row.kind,
            "from": starts_on.isoformat(),
            "to": ends_on.isoformat(),
            "subject_type": subject_type,
            "unit": str(unit_id) if unit_id else None,
            "max_amount_nanos": max_amount_nanos,
        },
        reason=row.note,
    )
    notify(
        recipients=[deputy.id],
        kind="approval.deputy",
        key=f"delegation:{row.id}",
        title=f"You deputise for {person} from {starts_on.isoformat()} to {ends_on.isoformat()}",
        body=row.note,
        path=org_url(organization().slug, "approvals:delegations"),
    )
    _refresh(person_id)
    return row


@transaction.atomic
def revoke_delegation(*, actor: Actor, delegation_id: UUID) -> ApprovalDelegation:
    """End a delegation now: the person, the deputy, or whoever manages routes.

    Raises NotFound, Conflict when it has ended.
    """
    row = delegation_by_id(actor, delegation_id)
    changed = ApprovalDelegation.objects.filter(
        id=row.id, revoked_at__isnull=True, ends_on__gte=local_today()
    ).update(revoked_at=clock.now(), revoked_by_name=actor.name[:200])
    if not changed:
        raise Conflict("This delegation has ended already.", code="delegation_ended")
    row.refresh_from_db()
    record(actor=actor, action=events.DELEGATION_REVOKED, obj=row)
    _refresh(row.person_id)
    return row


def _date_errors(starts_on: date, ends_on: date) -> list[FieldError]:
    errors = []
    if starts_on < local_today():
        errors.append(FieldError("starts_on", "The first day is over.", "Start today or later."))
    if ends_on < starts_on:
        errors.append(FieldError("ends_on", "The end is before the start.", "Enter a later day."))
    elif (ends_on - starts_on).days > LONGEST:
        errors.append(FieldError("ends_on", "Longer than a year.", "Name a deputy for a year."))
    return errors


def _refresh(person_id: UUID) -> None:
    """Open steps of a person: their deputies join or leave now, not with the next round."""
    refresh_steps(steps_touched_by(person_id, frozenset()))
