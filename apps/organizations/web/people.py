"""People and their roles; invitations."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import can_anywhere
from apps.access.web import requires
from apps.common.web.lists import (
    Action,
    BooleanFilter,
    Column,
    CustomFilter,
    Empty,
    ListPage,
    SearchFilter,
)
from apps.organizations import rules, selectors, services
from apps.organizations.models import Membership, RoleBinding
from apps.organizations.web.base import SettingsConfirmPage, SettingsFormPage, SettingsMixin
from apps.organizations.web.forms import ReasonForm, RoleForm
from apps.organizations.web.places import place_options, role_options
from apps.tenancy.urls import org_url


def roles_text(person: Membership) -> str:
    """`CFO; Unit lead (Platform)`"""
    return "; ".join(
        f"{b.role_label} ({b.unit.name})" if b.unit else b.role_label for b in person.bindings.all()
    )


def _link(person: Membership, request: HttpRequest) -> str:
    return org_url(request, "organizations:person", person.id)


@requires(P.PEOPLE_VIEW)
class People(SettingsMixin, ListPage):
    tab = "organizations:people"
    title = "People"
    lede = "Who belongs here, and with which roles."
    noun = ("person", "people")
    template_name = "organizations/list.html"
    columns = (
        Column(
            "name",
            "Name",
            value=lambda m: m.user.display_name,
            sort="user__name",
            link=_link,
        ),
        Column("email", "E-mail", value=lambda m: m.user.email, sort="user__email", full=True),
        Column("roles", "Roles", value=roles_text, full=True),
        Column("joined", "Joined", value=lambda m: m.joined_at, sort="joined_at"),
        Column(
            "state",
            "State",
            value=lambda m: "Active" if m.is_active else "Suspended",
            sort="is_active",
        ),
    )
    filters = (
        SearchFilter("q", "Search e-mail", fields=("user__email",)),
        CustomFilter(
            "role",
            "Role",
            choices=[(role.value, role.label) for role in rules.GIVABLE],
            narrow=lambda qs, value: qs.filter(
                id__in=RoleBinding.objects.filter(role=value).values("membership_id")
            ),
        ),
        BooleanFilter("active", "State", field="is_active", yes="Active", no="Suspended"),
    )
    default_sort = "user__name"
    empty = Empty("Nobody is here yet", "People join through invitations.", icon="users")

    def get_queryset(self) -> QuerySet[Membership]:
        return selectors.people(self.actor)

    def row_class(self, obj: Membership) -> str:
        return "" if obj.is_active else "mut"

    def get_actions(self) -> Sequence[Action]:
        if not can_anywhere(self.actor, P.PEOPLE_MANAGE):
            return ()
        return (Action("Invite a person", self.url("invitation_new"), "plus", primary=True),)

    def extra_context(self) -> dict[str, Any]:
        return self.tab_context()


class _OnePerson(SettingsMixin):
    tab = "organizations:people"
    kwargs: dict[str, Any]
    _person: Membership | None = None

    @property
    def person(self) -> Membership:
        """The person of the address, if the actor may see them."""
        if self._person is None:
            found = selectors.people(self.actor).filter(id=self.kwargs["pk"]).first()
            self._person = found or selectors.membership_by_id(UUID(int=0))
        return self._person

    def cancel_url(self) -> str:
        return self.url("person", self.person.id)

    def more_crumbs(self) -> list[tuple[str, str]]:
        here: Any = self
        return [(str(self.person), self.url("person", self.person.id)), (here.get_title(), "")]


@requires(P.PEOPLE_VIEW)
class PersonPage(_OnePerson, SettingsFormPage):
    """One person: roles, and the form that gives another one."""

    template_name = "organizations/person.html"
    submit_label = "Give role"
    form_class = RoleForm

    def get_title(self) -> str:
        return str(self.person)

    def get_lede(self) -> str:
        return self.person.user.email

    def more_crumbs(self) -> list[tuple[str, str]]:
        return [(str(self.person), "")]

    def cancel_url(self) -> str:
        return ""

    def form_kwargs(self) -> dict[str, Any]:
        return {
            "roles": role_options(self.actor),
            "units": place_options(self.actor, P.ROLE_MANAGE),
        }

    def save(self, form: RoleForm) -> str:
        unit = form.cleaned_data["unit"]
        binding = services.bind_role(
            actor=self.actor,
            membership_id=self.person.id,
            role=form.cleaned_data["role"],
            unit_id=UUID(unit) if unit else None,
        )
        messages.success(self.request, f"{self.person} is now {binding.role_label}.")
        return self.url("person", self.person.id)

    def extra_context(self, form: Any) -> dict[str, Any]:
        person, actor = self.person, self.actor
        own = actor.membership_id == person.id
        return {
            **self.tab_context(),
            "person": person,
            "bindings": [
                {
                    "binding": b,
                    "may_take": rules.may_give(actor, Role(b.role), b.unit_id)
                    and (not own or rules.may_change_own_roles(actor)),
                }
                for b in person.bindings.all()
            ],
            "may_give": bool(role_options(actor))
            and (not own or rules.may_change_own_roles(actor))
            and person.is_active,
            "may_suspend": can_anywhere(actor, P.PEOPLE_MANAGE) and not own,
            "own": own,
        }


@requires(P.ROLE_MANAGE)
class TakeRole(_OnePerson, SettingsConfirmPage):
    form_class = ReasonForm
    danger = True
    submit_label = "Take role"

    def _binding(self) -> RoleBinding | None:
        wanted = self.kwargs["binding"]
        return next((b for b in self.person.bindings.all() if b.id == wanted), None)

    def get_title(self) -> str:
        binding = self._binding()
        return f"Take the role {binding.role_label}" if binding else "Take a role"

    def get_message(self) -> str:
        return f"{self.person} loses this role at once. The trail keeps it."

    def save(self, form: ReasonForm) -> str:
        services.unbind_role(
            actor=self.actor,
            binding_id=self.kwargs["binding"],
            reason=form.cleaned_data["reason"],
        )
        messages.success(self.request, "Role taken.")
        return self.url("person", self.person.id)


@requires(P.PEOPLE_MANAGE)
class SuspendPerson(_OnePerson, SettingsConfirmPage):
    form_class = ReasonForm
    danger = True
    submit_label = "Suspend"

    def get_title(self) -> str:
        return f"Suspend {self.person}"

    def get_message(self) -> str:
        return "The person is shut out at once. Everything they did stays, and they can come back."

    def save(self, form: ReasonForm) -> str:
        services.suspend_person(
            actor=self.actor, membership_id=self.person.id, reason=form.cleaned_data["reason"]
        )
        messages.success(self.request, f"{self.person} is suspended.")
        return self.url("people")


@requires(P.PEOPLE_MANAGE)
class RestorePerson(_OnePerson, SettingsConfirmPage):
    form_class = ReasonForm
    submit_label = "Restore"

    def get_title(self) -> str:
        return f"Restore {self.person}"

    def get_message(self) -> str:
        return "The person comes back with the roles they had."

    def save(self, form: ReasonForm) -> str:
        services.restore_person(
            actor=self.actor, membership_id=self.person.id, reason=form.cleaned_data["reason"]
        )
        messages.success(self.request, f"{self.person} is back.")
        return self.url("person", self.person.id)
