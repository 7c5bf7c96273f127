"""People of an organization and their roles. An organization always keeps an owner."""

from uuid import UUID

from django.db import IntegrityError, transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import require
from apps.accounts.models import User
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.organizations import events, rules, selectors
from apps.organizations.models import Membership, RoleBinding
from apps.organizations.ports import people_changed
from apps.organizations.refs import person_ref
from apps.organizations.services.organization import lock_organization
from apps.trail.services import record


def require_giving(actor: Actor, role: Role, unit_id: UUID | None) -> None:
    """Raise unless the actor may give (and take) this role at this place."""
    if problem := rules.binding_problem(role, unit_id):
        raise Invalid(problem, field="role")
    require(actor, P.ROLE_MANAGE, unit_id=unit_id)
    if not rules.may_give(actor, role, unit_id):
        raise Forbidden(
            f"Your role may not give or take the role {role.label}.", code="role_not_givable"
        )


def bind_role(
    *, actor: Actor, membership_id: UUID, role: Role | str, unit_id: UUID | None = None
) -> RoleBinding:
    """Give a role at the organization (no unit) or at a unit and all below it.

    Raises Forbidden, also for a role of one's own, NotFound, Invalid, or Conflict if held already.
    """
    wanted = parse_role(role)
    require_giving(actor, wanted, unit_id)
    person = selectors.membership_by_id(membership_id)
    _require_other(actor, person)
    if not person.is_active:
        raise Conflict(f"{person} is suspended.", code="person_suspended", fix="Restore first.")
    unit = None if unit_id is None else selectors.unit_by_id(unit_id)
    if unit is not None and not unit.is_active:
        raise Invalid("This unit is retired.", field="unit")
    try:
        with transaction.atomic():
            binding = RoleBinding.objects.create(membership=person, role=wanted.value, unit=unit)
    except IntegrityError:
        raise Conflict(f"{person} holds this role already.", code="role_held") from None
    record(
        actor=actor,
        action=events.ROLE_GIVEN,
        obj=person_ref(person),
        after={"role": wanted.value, "unit": unit.name if unit else None},
    )
    people_changed(person.id, wanted.value)
    return binding


def unbind_role(*, actor: Actor, binding_id: UUID, reason: str = "") -> None:
    """Take a role. Raises Conflict when it is the last owner's."""
    lock_organization()
    binding = (
        RoleBinding.objects.select_related("membership__user", "unit").filter(id=binding_id).first()
    )
    if binding is None:
        raise NotFound("There is no such role.", code="binding_not_found")
    role = Role(binding.role)
    require_giving(actor, role, binding.unit_id)
    _require_other(actor, binding.membership)
    if role is Role.OWNER:
        _require_another_owner(binding.membership)
    record(
        actor=actor,
        action=events.ROLE_TAKEN,
        obj=person_ref(binding.membership),
        before={"role": role.value, "unit": binding.unit.name if binding.unit else None},
        reason=reason.strip(),
    )
    binding.delete()
    people_changed(binding.membership_id, role.value)


def suspend_person(*, actor: Actor, membership_id: UUID, reason: str = "") -> Membership:
    """Shut a person out of the organization; their evidence stays.

    Needs the permission, and the right to take each of the person's roles, everywhere they hold
    one. Raises Conflict for the last owner.
    """
    lock_organization()
    person = _reachable(actor, membership_id)
    if actor.membership_id == person.id:
        raise Forbidden("You cannot suspend yourself.", code="own_membership")
    if not person.is_active:
        return person
    if any(binding.role == Role.OWNER for binding in person.bindings.all()):
        _require_another_owner(person)
    person.is_active, person.suspended_at = False, clock.now()
    person.save(update_fields=["is_active", "suspended_at"])
    record(
        actor=actor,
        action=events.PERSON_SUSPENDED,
        obj=person_ref(person),
        before={"is_active": True},
        after={"is_active": False},
        reason=reason.strip(),
    )
    people_changed(person.id)
    return person


def restore_person(*, actor: Actor, membership_id: UUID, reason: str = "") -> Membership:
    """Let a suspended person in again, with the roles they had."""
    lock_organization()
    person = _reachable(actor, membership_id)
    if person.is_active:
        return person
    person.is_active, person.suspended_at = True, None
    person.save(update_fields=["is_active", "suspended_at"])
    record(
        actor=actor,
        action=events.PERSON_RESTORED,
        obj=person_ref(person),
        before={"is_active": False},
        after={"is_active": True},
        reason=reason.strip(),
    )
    people_changed(person.id)
    return person


def add_member(
    *, actor: Actor, user: User, role: Role | str, unit_id: UUID | None = None
) -> Membership:
    """Let a known person in with a role: an accepted invitation, or the demonstration's seed.

    Whoever calls has checked the right to; a person who is here already gets the role on top.
    """
    wanted = parse_role(role)
    membership, created = Membership.objects.get_or_create(user=user)
    if not created and not membership.is_active:
        membership.is_active, membership.suspended_at = True, None
        membership.save(update_fields=["is_active", "suspended_at"])
    membership.user = user
    unit = None if unit_id is None else selectors.unit_by_id(unit_id)
    RoleBinding.objects.get_or_create(membership=membership, role=wanted.value, unit=unit)
    record(
        actor=actor,
        action=events.PERSON_JOINED,
        obj=person_ref(membership),
        after={
            "email": user.email,
            "role": wanted.value,
            "unit": unit.name if unit else None,
        },
    )
    people_changed(membership.id)
    return membership


def parse_role(role: Role | str) -> Role:
    """Raises Invalid for a word that is no role."""
    try:
        return Role(role)
    except ValueError:
        known = ", ".join(r.value for r in rules.GIVABLE)
        raise Invalid(f"There is no role {role!r}.", field="role", fix=f"One of: {known}") from None


def _require_other(actor: Actor, person: Membership) -> None:
    if actor.membership_id == person.id and not rules.may_change_own_roles(actor):
        raise Forbidden(
            "You cannot change your own roles.", code="own_roles", fix="Ask another administrator."
        )


def _require_another_owner(person: Membership) -> None:
    if not selectors.owners().exclude(id=person.id).exists():
        raise Conflict(
            f"{person} is the only owner. An organization always keeps one.",
            code="last_owner",
            fix="Make somebody else an owner first.",
        )


def _reachable(actor: Actor, membership_id: UUID) -> Membership:
    person = selectors.membership_by_id(membership_id)
    held = list(person.bindings.all())
    if not held:
        require(actor, P.PEOPLE_MANAGE)
    for binding in held:
        require(actor, P.PEOPLE_MANAGE, unit_id=binding.unit_id)
        require_giving(actor, Role(binding.role), binding.unit_id)
    return person
