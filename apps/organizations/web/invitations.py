"""Invitations: list, invite, send again, take back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import can_anywhere
from apps.access.web import requires
from apps.common import clock
from apps.common.web.lists import Action, Column, CustomFilter, Empty, ListPage, SearchFilter
from apps.organizations import selectors, services
from apps.organizations.enums import InvitationState
from apps.organizations.models import Invitation
from apps.organizations.web.base import SettingsConfirmPage, SettingsFormPage, SettingsMixin
from apps.organizations.web.forms import InvitationForm, ReasonForm
from apps.organizations.web.places import place_options, role_options
from apps.tenancy.urls import absolute_url, org_url


def _link(invitation: Invitation, request: HttpRequest) -> str:
    return org_url(request, "organizations:invitation", invitation.id)


def _in_state(qs: QuerySet[Invitation], state: str) -> QuerySet[Invitation]:
    waiting = Q(accepted_at__isnull=True, revoked_at__isnull=True)
    conditions = {
        InvitationState.OPEN: waiting & Q(expires_at__gt=clock.now()),
        InvitationState.EXPIRED: waiting & Q(expires_at__lte=clock.now()),
        InvitationState.ACCEPTED: Q(accepted_at__isnull=False),
        InvitationState.REVOKED: Q(accepted_at__isnull=True, revoked_at__isnull=False),
    }
    return qs.filter(conditions[InvitationState(state)])


@requires(P.PEOPLE_VIEW)
class Invitations(SettingsMixin, ListPage):
    tab = "organizations:invitations"
    title = "Invitations"
    lede = "Offers to join. A link works for seven days and for one address."
    noun = ("invitation", "invitations")
    template_name = "organizations/list.html"
    columns = (
        Column("email", "E-mail", sort="email", link=_link),
        Column("role", "Role", value=lambda i: Role(i.role).label, sort="role"),
        Column("unit", "Where", value=lambda i: i.unit.name if i.unit else "Organization"),
        Column("invited_by", "Invited by", value=lambda i: i.invited_by_name),
        Column("created", "Sent", value=lambda i: i.created_at, sort="created_at"),
        Column("expires", "Ends", value=lambda i: i.expires_at, sort="expires_at"),
        Column("state", "State", value=lambda i: i.state().label),
    )
    filters = (
        SearchFilter("q", "Search e-mail", fields=("email",)),
        CustomFilter("state", "State", choices=InvitationState.choices, narrow=_in_state),
    )
    default_sort = "-created_at"
    empty = Empty("No invitation yet", "Invite the first colleague.", icon="send")

    def get_queryset(self) -> QuerySet[Invitation]:
        return selectors.invitations(self.actor)

    def row_class(self, obj: Invitation) -> str:
        return "" if obj.state() is InvitationState.OPEN else "mut"

    def get_actions(self) -> Sequence[Action]:
        if not can_anywhere(self.actor, P.PEOPLE_MANAGE):
            return ()
        return (Action("Invite a person", self.url("invitation_new"), "plus", primary=True),)

    def extra_context(self) -> dict[str, Any]:
        return self.tab_context()


@requires(P.PEOPLE_MANAGE)
class Invite(SettingsFormPage):
    tab = "organizations:invitations"
    title = "Invite a person"
    submit_label = "Send invitation"
    form_class = InvitationForm

    def cancel_url(self) -> str:
        return self.url("invitations")

    def form_kwargs(self) -> dict[str, Any]:
        return {
            "roles": role_options(self.actor),
            "units": place_options(self.actor, P.PEOPLE_MANAGE),
        }

    def get_initial(self) -> dict[str, Any]:
        return {"role": Role.MEMBER.value}

    def save(self, form: InvitationForm) -> str:
        unit = form.cleaned_data["unit"]
        invitation = services.invite_person(
            actor=self.actor,
            email=form.cleaned_data["email"],
            role=form.cleaned_data["role"],
            unit_id=UUID(unit) if unit else None,
        )
        messages.success(self.request, f"{invitation.email} is invited.")
        return self.url("invitation", invitation.id)


class _OneInvitation(SettingsMixin):
    tab = "organizations:invitations"
    kwargs: dict[str, Any]
    _invitation: Invitation | None = None

    @property
    def invitation(self) -> Invitation:
        if self._invitation is None:
            found = selectors.invitations(self.actor).filter(id=self.kwargs["pk"]).first()
            self._invitation = found or selectors.invitation_by_id(UUID(int=0))
        return self._invitation

    def cancel_url(self) -> str:
        return self.url("invitation", self.invitation.id)

    def more_crumbs(self) -> list[tuple[str, str]]:
        here: Any = self
        return [(self.invitation.email, self.cancel_url()), (here.get_title(), "")]


@requires(P.PEOPLE_VIEW)
class InvitationPage(_OneInvitation, SettingsConfirmPage):
    """One invitation. The button sends it again; managers may copy the link of an open one."""

    template_name = "organizations/invitation.html"
    submit_label = "Send again"

    def get_title(self) -> str:
        return self.invitation.email

    def more_crumbs(self) -> list[tuple[str, str]]:
        return [(self.invitation.email, "")]

    def cancel_url(self) -> str:
        return ""

    def save(self, form: Any) -> str:
        services.resend_invitation(actor=self.actor, invitation_id=self.invitation.id)
        messages.success(self.request, "Sent again. The earlier link no longer works.")
        return self.url("invitation", self.invitation.id)

    def extra_context(self, form: Any) -> dict[str, Any]:
        state = self.invitation.state()
        manages = can_anywhere(self.actor, P.PEOPLE_MANAGE)
        token = services.invitation_link_token(self.invitation)
        show = manages and state is InvitationState.OPEN and token
        return {
            **self.tab_context(),
            "invitation": self.invitation,
            "role_label": Role(self.invitation.role).label,
            "state": state,
            "link": absolute_url(f"/invitations/{token}/") if show else "",
            "may_resend": manages and state in {InvitationState.OPEN, InvitationState.EXPIRED},
            "may_revoke": manages and state is InvitationState.OPEN,
        }


@requires(P.PEOPLE_MANAGE)
class RevokeInvitation(_OneInvitation, SettingsConfirmPage):
    form_class = ReasonForm
    danger = True
    title = "Take the invitation back"
    message = "The link stops working at once."
    submit_label = "Take back"

    def save(self, form: ReasonForm) -> str:
        services.revoke_invitation(
            actor=self.actor,
            invitation_id=self.invitation.id,
            reason=form.cleaned_data["reason"],
        )
        messages.success(self.request, "Invitation taken back.")
        return self.url("invitations")
