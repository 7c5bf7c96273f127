"""E-mails of organizations, sent after the commit. A message may come twice: a row remembers."""

from uuid import UUID

from apps.access.roles import Role
from apps.accounts.services import send_email
from apps.common import clock
from apps.organizations import selectors
from apps.organizations.enums import InvitationState
from apps.organizations.models import Invitation, SupportVisit
from apps.organizations.services.invitations import SEND
from apps.organizations.services.support import ENTERED
from apps.organizations.tokens import hash_secret, invitation_token
from apps.outbox.registry import Message, handler
from apps.tenancy.scope import tenant_scope
from apps.tenancy.urls import absolute_url, org_url


@handler(SEND)
def send_invitation(message: Message) -> None:
    """Mail the link of the invitation's present generation, once."""
    invitation_id, generation = (
        UUID(message.payload["invitation_id"]),
        int(message.payload["generation"]),
    )
    with tenant_scope(message.organization_id):
        invitation = Invitation.objects.select_related("unit").filter(id=invitation_id).first()
        if invitation is None or not _waits(invitation, generation):
            return
        organization = selectors.organization()
        token = invitation_token(invitation_id, generation)
        if invitation.token_hash != hash_secret(token):
            invitation.token_hash = hash_secret(token)
            invitation.save(update_fields=["token_hash"])
    place = f"{organization.name} · {invitation.unit}" if invitation.unit else organization.name
    send_email(
        to=invitation.email,
        subject=f"{invitation.invited_by_name} invites you to {organization.name} on TokenOps",
        template="invitation",
        context={
            "organization": organization,
            "invitation": invitation,
            "role": Role(invitation.role).label,
            "place": place,
            "link": absolute_url(f"/invitations/{token}/"),
        },
        message_id=f"invitation.{invitation_id}.{generation}",
    )
    with tenant_scope(message.organization_id):
        Invitation.objects.filter(id=invitation_id, generation=generation).update(
            sent_at=clock.now()
        )


def _waits(invitation: Invitation, generation: int) -> bool:
    return (
        invitation.generation == generation
        and invitation.sent_at is None
        and invitation.state() is InvitationState.OPEN
    )


@handler(ENTERED)
def tell_owners_of_support(message: Message) -> None:
    """Mail every owner that support has entered, and why."""
    with tenant_scope(message.organization_id):
        visit = (
            SupportVisit.objects.select_related("user")
            .filter(id=UUID(message.payload["visit_id"]))
            .first()
        )
        if visit is None:
            return
        organization = selectors.organization()
        owners = [
            (owner.id, owner.user.email) for owner in selectors.owners().select_related("user")
        ]
    for owner_id, email in owners:
        send_email(
            to=email,
            subject=f"Support has entered {organization.name}",
            template="support_entered",
            context={
                "organization": organization,
                "visit": visit,
                "link": absolute_url(org_url(organization.slug, "organizations:support")),
            },
            message_id=f"support.{visit.id}.{owner_id}",
        )
