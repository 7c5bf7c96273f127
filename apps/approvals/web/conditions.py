"""Conditions of approvals: what is owed, by whom, by when; met or waived with a reason."""

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
from apps.access.web import requires
from apps.approvals import selectors, services
from apps.approvals.enums import ConditionStatus
from apps.approvals.models import ApprovalCondition
from apps.approvals.selectors.conditions import may_meet, may_waive
from apps.approvals.selectors.deputies import local_today
from apps.approvals.web.base import ApprovalsPage
from apps.common import fmt
from apps.common.web.forms import FormPage
from apps.common.web.lists import (
    ChoiceFilter,
    Column,
    CustomFilter,
    Empty,
    ListPage,
    RelationFilter,
)
from apps.organizations.selectors import unit_choices
from apps.tenancy.urls import org_url


def due_words(row: ApprovalCondition, today: date) -> str:
    if row.due_on is None:
        return fmt.DASH
    if row.status != ConditionStatus.OPEN:
        return fmt.day(row.due_on)
    return fmt.due(row.due_on, today)


@requires(P.APPROVAL_VIEW)
class Conditions(ApprovalsPage, ListPage):
    """What approvals ask for, open ones by due day."""

    tab = "approvals:conditions"
    template_name = "approvals/list.html"
    title = "Conditions"
    noun = ("condition", "conditions")
    default_sort = "due_on,id"
    filename = "conditions"
    empty = Empty(
        "No approval carries a condition",
        "Approve with a condition, such as “Review after 60 days”, and it is tracked here until"
        " it is met.",
        icon="checkbox",
    )

    @cached_property
    def today(self) -> date:
        return local_today()

    def get_columns(self) -> list[Column]:
        return [
            Column(
                "text",
                "Condition",
                link=lambda r, request: org_url(request, "approvals:condition", condition_id=r.id),
                sub=lambda r: f"{r.request.subject_ref} {r.request.title}".strip(),
            ),
            Column("subject", "Subject", value=lambda r: r.request.subject_ref, in_table=False),
            Column("owner", "Owed by", value=lambda r: r.owner_name or None, sort="owner_name"),
            Column(
                "due",
                "Due",
                value=lambda r: due_words(r, self.today),
                sort="due_on",
                csv=lambda r: r.due_on,
            ),
            Column(
                "status", "Status", value=lambda r: ConditionStatus(r.status).label, sort="status"
            ),
            Column("asked_by", "Asked by", value=lambda r: r.asked_by_name),
            Column("closed_at", "Closed at", in_table=False),
            Column("closed_by", "Closed by", value=lambda r: r.closed_by_name, in_table=False),
            Column("closed_note", "Note", in_table=False),
        ]

    def get_filters(self) -> list[Any]:
        actor = self.request.actor
        return [
            ChoiceFilter(
                "status",
                "Status",
                choices=[c for c in ConditionStatus.choices() if c[0] != ConditionStatus.DROPPED],
            ),
            CustomFilter(
                "whose",
                "Owed by",
                choices=(("me", "Me"),),
                any_label="Everybody",
                narrow=lambda rows, value: rows.filter(owner_id=actor.membership_id),
            ),
            CustomFilter(
                "late",
                "Due",
                choices=(("1", "Overdue"),),
                any_label="Any day",
                narrow=lambda rows, value: rows.filter(
                    status=ConditionStatus.OPEN, due_on__lt=self.today
                ),
            ),
            RelationFilter(
                "unit", "Team", field="request__unit_id", choices=lambda request: unit_choices()
            ),
        ]

    def get_queryset(self) -> QuerySet[ApprovalCondition]:
        rows = selectors.conditions(self.request.actor).exclude(status=ConditionStatus.DROPPED)
        if not self.request.GET.get("status"):
            return rows.filter(status=ConditionStatus.OPEN)
        return rows

    def get_title(self) -> str:
        rows = selectors.conditions(self.request.actor).filter(status=ConditionStatus.OPEN)
        late = rows.filter(due_on__lt=self.today).count()
        mine = rows.filter(owner_id=self.request.actor.membership_id or UUID(int=0)).count()
        if late:
            return f"{fmt.plural(late, 'condition')} {'is' if late == 1 else 'are'} overdue"
        if mine:
            return f"You owe {fmt.plural(mine, 'condition')}"
        total = rows.count()
        return (
            f"{fmt.plural(total, 'condition')} open, none overdue" if total else "No condition open"
        )

    def extra_context(self) -> dict[str, Any]:
        return self.tab_context()


class CloseForm(forms.Form):
    """Met or waived, with what shows it."""

    outcome = forms.ChoiceField(label="It is", widget=forms.RadioSelect)
    note = forms.CharField(
        label="What shows it",
        help_text="A link to the measurement, or one sentence.",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["outcome"].choices = choices


@requires(P.APPROVAL_VIEW)
class ConditionPage(ApprovalsPage, FormPage):
    """One condition: what is owed, and the form for those who may close it."""

    tab = "approvals:conditions"
    template_name = "approvals/condition.html"
    form_class = CloseForm
    submit_label = "Close the condition"
    row: ApprovalCondition

    def dispatch(self, request: HttpRequest, condition_id: UUID) -> HttpResponseBase:
        self.row = selectors.condition_by_id(request.actor, condition_id)
        return super().dispatch(request)

    def get_title(self) -> str:
        return self.row.text

    def more_crumbs(self) -> list[tuple[str, str]]:
        return [(self.row.request.subject_ref or self.row.request.title, "")]

    def _choices(self) -> list[tuple[str, str]]:
        actor = self.request.actor
        found = []
        if may_meet(actor, self.row):
            found.append(("met", "Met"))
        if may_waive(actor, self.row):
            found.append(("waived", "Waived"))
        return found

    def form_kwargs(self) -> dict[str, Any]:
        return {"choices": self._choices()}

    def get_initial(self) -> dict[str, Any]:
        return {"outcome": "met"}

    def extra_context(self, form: Any) -> dict[str, Any]:
        open_now, today = self.row.status == ConditionStatus.OPEN, local_today()
        return {
            **self.tab_context(),
            "condition": self.row,
            "due": due_words(self.row, today),
            "late": open_now and self.row.due_on is not None and self.row.due_on < today,
            "may_close": open_now and bool(self._choices()),
            "zone": self.request.organization.timezone,
        }

    def save(self, form: CloseForm) -> str:
        close = (
            services.meet_condition
            if form.cleaned_data["outcome"] == "met"
            else services.waive_condition
        )
        close(
            actor=self.request.actor,
            condition_id=self.row.id,
            note=form.cleaned_data["note"],
        )
        messages.success(self.request, "The condition is closed.")
        return org_url(self.request, "approvals:conditions")
