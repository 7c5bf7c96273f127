"""Deputies: who answers for whom, from when to when."""

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import cached_property

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.approvals import services, subjects
from apps.approvals.enums import DelegationKind
from apps.approvals.models import ApprovalDelegation
from apps.approvals.selectors.deputies import delegation_by_id, delegations, local_today
from apps.approvals.web.base import ApprovalsPage, people_choices
from apps.common import fmt
from apps.common.money import to_nanos
from apps.common.web.forms import ConfirmPage, FormPage
from apps.common.web.lists import Action, Column, CustomFilter, Empty, ListPage
from apps.organizations.selectors import unit_choices
from apps.tenancy.urls import org_url


def state_of(row: ApprovalDelegation, today: date) -> str:
    """In force, to come, ended; in words."""
    if row.revoked_at is not None:
        return "Ended early"
    if row.starts_on > today:
        return "To come"
    return "In force" if row.ends_on >= today else "Ended"


def scope_words(row: ApprovalDelegation, currency: str) -> str:
    parts = [subjects.labels().get(row.subject_type, "Everything")]
    if row.unit is not None:
        parts.append(f"in {row.unit.name} and below")
    if row.max_amount_nanos is not None:
        parts.append(f"up to {fmt.money(row.max_amount_nanos, currency, style='exact')}")
    return ", ".join(parts)


def _narrow(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    today = local_today()
    if value == "now":
        return rows.filter(revoked_at__isnull=True, starts_on__lte=today, ends_on__gte=today)
    if value == "next":
        return rows.filter(revoked_at__isnull=True, starts_on__gt=today)
    return rows.exclude(revoked_at__isnull=True, ends_on__gte=today)


@requires(P.APPROVAL_VIEW)
class Deputies(ApprovalsPage, ListPage):
    """Delegations the person takes part in; all of them for who manages routes."""

    tab = "approvals:delegations"
    template_name = "approvals/list.html"
    title = "Deputies"
    noun = ("delegation", "delegations")
    default_sort = "-starts_on,-id"
    filename = "deputies"
    filters = (
        CustomFilter(
            "state",
            "State",
            choices=(("now", "In force"), ("next", "To come"), ("over", "Ended")),
            narrow=_narrow,
        ),
    )
    empty = Empty(
        "Nobody deputises",
        "Away next week? Name a deputy for these days, and nothing waits for you.",
        icon="users",
    )

    @cached_property
    def today(self) -> date:
        return local_today()

    def get_queryset(self) -> QuerySet[ApprovalDelegation]:
        return delegations(self.request.actor)

    def get_title(self) -> str:
        today = self.today
        mine = self.request.actor.membership_id
        rows = [r for r in self.page.rows if state_of(r, today) == "In force"]
        for row in rows:
            if row.person_id == mine:
                return f"{row.deputy_name} answers for you until {fmt.day(row.ends_on)}"
        for row in rows:
            if row.deputy_id == mine:
                return f"You answer for {row.person_name} until {fmt.day(row.ends_on)}"
        return f"Nobody answers for you on {fmt.day(today)}"

    def get_columns(self) -> list[Column]:
        currency = self.request.organization.currency
        return [
            Column("deputy", "Deputy", value=lambda r: r.deputy_name, sort="deputy_name"),
            Column("person", "Answers for", value=lambda r: r.person_name, sort="person_name"),
            Column("starts_on", "From", sort="starts_on"),
            Column("ends_on", "To", sort="ends_on"),
            Column("scope", "For", value=lambda r: scope_words(r, currency)),
            Column(
                "kind", "Why", value=lambda r: DelegationKind(r.kind).label, sub=lambda r: r.note
            ),
            Column("state", "State", value=lambda r: state_of(r, self.today)),
            Column(
                "end",
                "End",
                value=lambda r: (
                    "End now" if state_of(r, self.today) in {"In force", "To come"} else ""
                ),
                link=lambda r, request: (
                    org_url(request, "approvals:delegation_end", delegation_id=r.id)
                    if state_of(r, self.today) in {"In force", "To come"}
                    else ""
                ),
                in_csv=False,
                hide_label=True,
            ),
        ]

    def get_actions(self) -> list[Action]:
        url = org_url(self.request, "approvals:delegation_new")
        may = self.request.actor.membership_id is not None
        return [Action("Name a deputy", url, "plus", primary=True)] if may else []

    def extra_context(self) -> dict[str, Any]:
        return self.tab_context()


class DeputyForm(forms.Form):
    """Who, from when to when, for what."""

    person = forms.ChoiceField(label="Answers for")
    deputy = forms.ChoiceField(label="Deputy", help_text="Somebody whose role decides.")
    kind = forms.ChoiceField(label="Why", choices=DelegationKind.choices())
    starts_on = forms.DateField(
        label="First day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    ends_on = forms.DateField(
        label="Last day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    subject_type = forms.ChoiceField(label="For", required=False)
    unit = forms.ChoiceField(label="Team", required=False, help_text="And all teams below it.")
    max_amount = forms.DecimalField(
        label="Up to",
        required=False,
        min_value=0,
        max_digits=15,
        decimal_places=2,
        help_text="Empty: any amount.",
    )
    note = forms.CharField(label="Note to the deputy", required=False, max_length=300)

    def __init__(self, *args: Any, actor: Any, manages: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["deputy"].choices = people_choices(
            without=None if manages else actor.membership_id, actor=actor
        )
        if manages:
            self.fields["person"].choices = people_choices()
            self.fields["person"].initial = str(actor.membership_id)
        else:
            del self.fields["person"]
        self.fields["subject_type"].choices = [
            ("", "Everything"),
            *subjects.labels().items(),
        ]
        self.fields["unit"].choices = [("", "All teams"), *unit_choices()]


@requires(P.APPROVAL_VIEW)
class NewDeputy(ApprovalsPage, FormPage):
    """Name a deputy for oneself; for others by who manages routes."""

    tab = "approvals:delegations"
    form_class = DeputyForm
    title = "Name a deputy"
    lede = "The deputy answers in your place. You may still answer first."
    submit_label = "Name the deputy"

    def more_crumbs(self) -> list[tuple[str, str]]:
        return [("New", "")]

    def cancel_url(self) -> str:
        return org_url(self.request, "approvals:delegations")

    def form_kwargs(self) -> dict[str, Any]:
        actor = self.request.actor
        return {"actor": actor, "manages": can(actor, P.APPROVAL_POLICY_MANAGE)}

    def get_initial(self) -> dict[str, Any]:
        today = local_today()
        return {"starts_on": today, "ends_on": today, "kind": DelegationKind.ABSENCE.value}

    def save(self, form: DeputyForm) -> str:
        data = form.cleaned_data
        limit = data["max_amount"]
        row = services.create_delegation(
            actor=self.request.actor,
            deputy_id=UUID(data["deputy"]),
            person_id=UUID(data["person"]) if data.get("person") else None,
            kind=data["kind"],
            starts_on=data["starts_on"],
            ends_on=data["ends_on"],
            subject_type=data["subject_type"],
            unit_id=UUID(data["unit"]) if data["unit"] else None,
            max_amount_nanos=None if limit is None else to_nanos(limit),
            note=data["note"],
        )
        messages.success(self.request, f"{row.deputy_name} answers for {row.person_name}.")
        return org_url(self.request, "approvals:delegations")


@requires(P.APPROVAL_VIEW)
class EndDeputy(ApprovalsPage, ConfirmPage):
    """Ends a delegation now."""

    tab = "approvals:delegations"
    title = "End this delegation now?"
    submit_label = "End it"
    danger = True
    row: ApprovalDelegation

    def dispatch(self, request: HttpRequest, delegation_id: UUID) -> HttpResponseBase:
        self.row = delegation_by_id(request.actor, delegation_id)
        return super().dispatch(request)

    def get_message(self) -> str:
        return f"{self.row.deputy_name} no longer answers for {self.row.person_name}, from now on."

    def cancel_url(self) -> str:
        return org_url(self.request, "approvals:delegations")

    def save(self, form: Any) -> str:
        services.revoke_delegation(actor=self.request.actor, delegation_id=self.row.id)
        messages.success(self.request, "The delegation has ended.")
        return self.cancel_url()
