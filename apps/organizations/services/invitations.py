"""Invitations by e-mail. The link is sent by a worker after the commit (`tasks.py`)."""

from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import require
from apps.accounts.models import User, UserManager
from apps.accounts.services import create_person
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.common.ids import uuid7
from apps.organizations import events, rules, selectors
from apps.organizations.enums import InvitationState
from apps.organizations.models import Invitation, Membership, Organization
from apps.organizations.refs import invitation_ref
from apps.organizations.services.organization import lock_organization
from apps.organizations.services.people import add_member, parse_role, require_giving
from apps.organizations.tokens import hash_secret, invitation_token
from apps.outbox.services import enqueue
from apps.tenancy import doors
from apps.tenancy.scope import tenant_scope
from apps.trail.services import record

SEND = "invitation.send"


def invite_person(
    *, actor: Actor, email: str, role: Role | str, unit_id: UUID | None = None
) -> Invitation:
    """Offer a role by e-mail; the offer ends after seven days.

    Raises Forbidden, NotFound, Invalid, or Conflict for a member or an open invitation.
    """
    wanted, address = parse_role(role), UserManager.normalize(email)
    require(actor, P.PEOPLE_MANAGE, unit_id=unit_id)
    require_giving(actor, wanted, unit_id)
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid("This is not an e-mail address.", field="email") from None
    unit = None if unit_id is None else selectors.unit_by_id(unit_id)
    if unit is not None and not unit.is_active:
        raise Invalid("This unit is retired.", field="unit")
    lock_organization()
    if Membership.objects.filter(user__email=address, is_active=True).exists():
        raise Conflict(
            f"{address} belongs to this organization already.",
            code="already_member",
            fix="Give the person a role instead.",
            field="email",
        )
    _make_room(address)
    new_id = uuid7()
    invitation = Invitation.objects.create(
        id=new_id,
        email=address,
        role=wanted.value,
        unit=unit,
        token_hash=hash_secret(invitation_token(new_id, 1)),
        invited_by_id=actor.membership_id or actor.id,
        invited_by_name=actor.name,
        expires_at=clock.now() + rules.INVITATION_LIFETIME,
    )
    _send(invitation)
    record(
        actor=actor,
        action=events.INVITATION_SENT,
        obj=invitation_ref(invitation),
        after={"role": wanted.value, "unit": unit.name if unit else None},
    )
    return invitation


def resend_invitation(*, actor: Actor, invitation_id: UUID) -> Invitation:
    """Send a new link for another seven days; the earlier link stops working."""
    invitation = _locked(actor, invitation_id)
    if invitation.state() not in {InvitationState.OPEN, InvitationState.EXPIRED}:
        raise Conflict(f"The invitation is {invitation.state().label.lower()}.", code="not_open")
    invitation.generation += 1
    invitation.token_hash = hash_secret(invitation_token(invitation.id, invitation.generation))
    invitation.expires_at = clock.now() + rules.INVITATION_LIFETIME
    invitation.sent_at = None
    invitation.save(update_fields=["generation", "token_hash", "expires_at", "sent_at"])
    _send(invitation)
    record(
        actor=actor,
        action=events.INVITATION_RESENT,
        obj=invitation_ref(invitation),
        after={"generation": invitation.generation},
    )
    return invitation


def revoke_invitation(*, actor: Actor, invitation_id: UUID, reason: str = "") -> Invitation:
    """Take the offer back. Raises Conflict once it is accepted."""
    invitation = _locked(actor, invitation_id)
    if invitation.state() is InvitationState.ACCEPTED:
        raise Conflict("The invitation is accepted.", code="not_open", fix="Suspend the person.")
    if invitation.revoked_at is None:
        invitation.revoked_at = clock.now()
        invitation.save(update_fields=["revoked_at"])
        record(
            actor=actor,
            action=events.INVITATION_REVOKED,
            obj=invitation_ref(invitation),
            reason=reason.strip(),
        )
    return invitation


@dataclass(frozen=True, slots=True)
class Offer:
    """What the holder of a link may know before accepting."""

    organization: Organization
    invitation: Invitation
    has_account: bool


def open_offer(token: str) -> Offer | None:
    """The open invitation of a link, or None for a wrong, used, revoked or expired one."""
    organization_id = doors.org_for_invitation(hash_secret(token))
    if organization_id is None:
        return None
    with tenant_scope(organization_id):
        invitation = (
            Invitation.objects.select_related("unit").filter(token_hash=hash_secret(token)).get()
        )
        known = User.objects.filter(email=invitation.email).exists()
        return Offer(selectors.organization(), invitation, known)


@transaction.atomic
def accept_as_new_person(*, token: str, name: str, password: str) -> tuple[User, Organization]:
    """Make an account for the invited address, verified by the link, and join."""
    offer = _require_offer(token)
    user = create_person(email=offer.invitation.email, name=name, password=password)
    return user, accept_invitation(token=token, user=user)


def accept_invitation(*, token: str, user: User) -> Organization:
    """Join with a login of the invited address. Opens the organization's scope.

    Raises Forbidden for another person's invitation, Conflict when it is no longer open.
    """
    offer = _require_offer(token)
    if offer.invitation.email != user.email:
        raise Forbidden(
            f"This invitation is for {offer.invitation.email}; you are logged in as {user.email}.",
            code="other_address",
            fix="Log in with the invited address.",
        )
    with tenant_scope(offer.organization.id):
        taken = Invitation.objects.filter(
            id=offer.invitation.id, accepted_at__isnull=True, revoked_at__isnull=True
        ).update(accepted_at=clock.now())
        if not taken:
            raise _gone()
        invitation = Invitation.objects.get(id=offer.invitation.id)
        joining = Actor(
            kind="user",
            id=user.pk,
            name=user.display_name,
            organization_id=offer.organization.id,
        )
        membership = add_member(
            actor=joining, user=user, role=invitation.role, unit_id=invitation.unit_id
        )
        invitation.accepted_membership = membership
        invitation.save(update_fields=["accepted_membership"])
        record(actor=joining, action=events.INVITATION_ACCEPTED, obj=invitation_ref(invitation))
    return offer.organization


def invitation_link_token(invitation: Invitation) -> str:
    """The link's secret, to show to whoever invited; empty when the site's key has changed."""
    token = invitation_token(invitation.id, invitation.generation)
    return token if hash_secret(token) == invitation.token_hash else ""


def _send(invitation: Invitation) -> None:
    enqueue(
        SEND,
        key=f"invitation:{invitation.id}",
        payload={"invitation_id": str(invitation.id), "generation": invitation.generation},
    )


def _make_room(address: str) -> None:
    """An expired invitation gives way to a new one; an open one does not."""
    for old in Invitation.objects.filter(
        email=address, accepted_at__isnull=True, revoked_at__isnull=True
    ):
        if old.state() is InvitationState.OPEN:
            raise Conflict(
                f"{address} has an open invitation.",
                code="already_invited",
                fix="Send it again or revoke it.",
                field="email",
            )
        old.revoked_at = clock.now()
        old.save(update_fields=["revoked_at"])


def _locked(actor: Actor, invitation_id: UUID) -> Invitation:
    found = selectors.invitation_by_id(invitation_id)
    require(actor, P.PEOPLE_MANAGE, unit_id=found.unit_id)
    require_giving(actor, Role(found.role), found.unit_id)
    return Invitation.objects.select_for_update().get(id=found.id)


def _require_offer(token: str) -> Offer:
    offer = open_offer(token)
    if offer is None:
        raise _gone()
    return offer


def _gone() -> Conflict:
    return Conflict(
        "This invitation is no longer open: it was used, taken back or is older than seven days.",
        code="invitation_closed",
        fix="Ask for a new one.",
    )
