"""Pages before an organization: first run, an invitation's link, support's door."""

from typing import Any, cast

from django.contrib.auth import login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.web import public, requires
from apps.accounts.models import User
from apps.common.errors import Conflict
from apps.organizations import services
from apps.organizations.services.invitations import Offer
from apps.organizations.web.base import KeepingFormPage
from apps.organizations.web.forms import JoinForm, SetupForm, SupportForm
from apps.tenancy import doors
from apps.tenancy.urls import org_url

_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def _home(slug: str) -> str:
    return org_url(slug, "portal:home")


@public("the first page of an empty installation; refused once an organization exists")
class Setup(KeepingFormPage):
    """Creates the organization and its owner, and logs the owner in."""

    form_class = SetupForm
    template_name = "organizations/setup.html"
    title = "Set up TokenOps"
    submit_label = "Create the organization"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if doors.any_organization():
            raise Conflict(
                "This installation is set up already.", code="already_set_up", fix="Log in."
            )
        return super().dispatch(request, *args, **kwargs)

    def save(self, form: SetupForm) -> str:
        organization, owner = services.set_up_installation(**form.cleaned_data)
        login(self.request, owner, backend=_BACKEND)
        return _home(organization.slug)


@public("the link of an invitation is the proof; it is checked before anything is shown")
class Join(KeepingFormPage):
    """Accept an invitation: with the login one has, or with a new account."""

    form_class = JoinForm
    template_name = "organizations/join.html"
    title = "Join"
    submit_label = "Join"
    offer: Offer

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        offer = services.open_offer(kwargs["token"])
        if offer is None:
            response: HttpResponseBase = render(
                request, "organizations/join_closed.html", {"title": "Invitation"}, status=410
            )
        else:
            self.offer = offer
            response = super().dispatch(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        return response

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if isinstance(request.user, User):
            services.accept_invitation(token=kwargs["token"], user=request.user)
            return redirect(_home(self.offer.organization.slug))
        if self.offer.has_account:
            return self._render(self.build_form())
        return super().post(request, *args, **kwargs)

    def save(self, form: JoinForm) -> str:
        user, organization = services.accept_as_new_person(
            token=self.kwargs["token"], **form.cleaned_data
        )
        login(self.request, user, backend=_BACKEND)
        return _home(organization.slug)

    def extra_context(self, form: Any) -> dict[str, Any]:
        user = self.request.user
        invitation = self.offer.invitation
        return {
            "offer": self.offer,
            "role_label": Role(invitation.role).label,
            "same_person": user.is_authenticated and user.email == invitation.email,
            "other_person": user.is_authenticated and user.email != invitation.email,
        }


@requires(P.SUPPORT_ENTER)
class EnterAsSupport(KeepingFormPage):
    """Staff of the installation give a reason and enter one organization for some hours."""

    form_class = SupportForm
    template_name = "organizations/support_enter.html"
    title = "Enter an organization as support"
    submit_label = "Enter"

    def save(self, form: SupportForm) -> str:
        staff = cast("User", self.request.user)
        organization = services.enter_as_support(user=staff, **form.cleaned_data)
        return _home(organization.slug)
