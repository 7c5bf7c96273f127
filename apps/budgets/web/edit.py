"""Opening and changing budgets."""

from datetime import date
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.forms import BaseForm

from apps.access.permissions import P
from apps.access.services import can, require
from apps.access.web import requires
from apps.budgets import selectors, services
from apps.budgets.enums import Basis, PeriodKind, Scope
from apps.budgets.models import Budget
from apps.budgets.rules.periods import nearest_period, next_period
from apps.budgets.selectors.thresholds import thresholds_of
from apps.budgets.web import forms
from apps.budgets.web.present import period_words
from apps.common import clock
from apps.common.errors import Conflict
from apps.common.periods import month_of
from apps.common.web.forms import ConfirmPage, FormPage
from apps.organizations.selectors import organization
from apps.tenancy.urls import org_url


@requires(P.BUDGET_MANAGE)
class Create(FormPage):
    """`?scope=unit&unit=<id>` fills the form."""

    form_class = forms.CreateForm
    title = "New budget"
    lede = "Amounts hold for every period until they are revised."
    submit_label = "Open the budget"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Budgets", self.cancel_url()), ("New", "")]

    def cancel_url(self) -> str:
        return org_url(self.request, "budgets:list")

    def form_kwargs(self) -> dict[str, Any]:
        return {"request": self.request}

    def get_initial(self) -> dict[str, Any]:
        home = organization()
        asked = {k: self.request.GET.get(k, "") for k in ("scope", "unit", "capability", "name")}
        return {
            "scope": Scope.UNIT.value,
            "period_kind": PeriodKind.MONTH.value,
            "starts_on": month_of(clock.today(home.timezone)).start,
            "timezone": home.timezone,
            **{k: v for k, v in asked.items() if v},
        }

    def save(self, form: Any) -> str:
        budget = services.create_budget(actor=self.request.actor, **form.values())
        messages.success(self.request, f"{budget.name} is open.")
        return org_url(self.request, "budgets:detail", budget_id=budget.id)


class Change(FormPage):
    """What the pages that change one budget share."""

    verb: ClassVar[str] = ""

    @cached_property
    def budget(self) -> Budget:
        """The budget, if the actor may change it; a closed one is a conflict."""
        found = selectors.budget_by_id(self.request.actor, self.kwargs["budget_id"])
        require(self.request.actor, P.BUDGET_MANAGE, unit_id=found.unit_id)
        if not found.is_active:
            raise Conflict("This budget is closed.", code="budget_closed")
        return found

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Budgets", org_url(self.request, "budgets:list")),
            (self.budget.name, self.cancel_url()),
            (self.verb, ""),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "budgets:detail", budget_id=self.budget.id)

    def get_title(self) -> str:
        return f"{self.title} {self.budget.name}"

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.budget.version}

    def today(self) -> date:
        return clock.today(self.budget.timezone)

    def done(self, words: str) -> str:
        messages.success(self.request, words)
        return self.cancel_url()


@requires(P.BUDGET_MANAGE)
class Revise(Change):
    form_class = forms.ReviseForm
    title = "Revise"
    verb = "Revise"
    submit_label = "Revise the budget"

    def get_lede(self) -> str:
        period = nearest_period(self.budget.plan, self.today())
        return f"Now in {period_words(period, self.budget.period_kind, self.today())}."

    def get_initial(self) -> dict[str, Any]:
        entries = [
            e for e in selectors.entries_of(self.budget) if e.kind in {"initial", "revision"}
        ]
        period = nearest_period(self.budget.plan, self.today())
        following = next_period(self.budget.plan, period)
        return {
            **super().get_initial(),
            "amount": forms.typed(entries[-1].amount_nanos),
            "tokens": entries[-1].amount_tokens,
            "effective_on": following.start if following else period.start,
        }

    def save(self, form: Any) -> str:
        data = form.cleaned_data
        services.revise_budget(
            actor=self.request.actor,
            budget_id=self.budget.id,
            version=data["version"],
            effective_on=data["effective_on"],
            note=data["note"],
            **form.limits(),
        )
        return self.done(f"{self.budget.name} is revised.")


@requires(P.BUDGET_MANAGE)
class Grant(Change):
    form_class = forms.GrantForm
    title = "Add to"
    verb = "Add for one period"
    submit_label = "Add to the period"

    def get_initial(self) -> dict[str, Any]:
        period = nearest_period(self.budget.plan, self.today())
        return {**super().get_initial(), "on": max(period.start, self.today())}

    def save(self, form: Any) -> str:
        data = form.cleaned_data
        services.grant_budget(
            actor=self.request.actor,
            budget_id=self.budget.id,
            version=data["version"],
            on=data["on"],
            amount_nanos=forms.nanos_of(data["amount"]),
            amount_tokens=data["tokens"],
            note=data["note"],
        )
        return self.done(f"{self.budget.name} is raised for one period.")


@requires(P.BUDGET_MANAGE)
class Move(Change):
    form_class = forms.MoveForm
    title = "Move money from"
    verb = "Move"
    submit_label = "Move the money"

    def form_kwargs(self) -> dict[str, Any]:
        actor, own = self.request.actor, self.budget
        others = selectors.budgets_for(actor).filter(status="active", currency=own.currency)
        return {
            "targets": [
                (str(b.id), b.name)
                for b in others.exclude(id=own.id).order_by("name_norm")
                if can(actor, P.BUDGET_MANAGE, unit_id=b.unit_id)
            ]
        }

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "on": self.today()}

    def save(self, form: Any) -> str:
        data = form.cleaned_data
        services.move_budget(
            actor=self.request.actor,
            from_id=self.budget.id,
            from_version=data["version"],
            to_id=UUID(data["to"]),
            on=data["on"],
            amount_nanos=forms.nanos_of(data["amount"]) or 0,
            note=data["note"],
        )
        return self.done("The money is moved.")


@requires(P.BUDGET_MANAGE)
class Edit(Change):
    form_class = forms.EditForm
    title = "Details of"
    verb = "Details"
    submit_label = "Save the details"

    def get_initial(self) -> dict[str, Any]:
        by_basis: dict[str, list[str]] = {Basis.ACTUAL: [], Basis.FORECAST: []}
        for basis, percent in thresholds_of([self.budget]).get(self.budget.id, ()):
            by_basis[basis].append(str(percent))
        return {
            **super().get_initial(),
            "name": self.budget.name,
            "owner": str(self.budget.owner_membership_id or ""),
            "own": self.budget.own_thresholds,
            "actual": ", ".join(by_basis[Basis.ACTUAL]),
            "forecast": ", ".join(by_basis[Basis.FORECAST]),
        }

    def extra_context(self, form: BaseForm) -> dict[str, Any]:
        close = org_url(self.request, "budgets:close", budget_id=self.budget.id)
        return {"close_url": close}

    template_name = "budgets/edit.html"

    def save(self, form: Any) -> str:
        data = form.cleaned_data
        services.change_budget(
            actor=self.request.actor,
            budget_id=self.budget.id,
            version=data["version"],
            name=data["name"],
            owner_membership_id=forms.uuid_of(data["owner"]),
            thresholds=form.thresholds(),
        )
        return self.done("Saved.")


@requires(P.BUDGET_MANAGE)
class Close(Change, ConfirmPage):
    form_class = forms.CloseForm
    template_name = "confirm.html"
    title = "Close"
    verb = "Close"
    submit_label = "Close the budget"
    danger = True
    message = (
        "The budget stops counting from today. Its past periods and its changes stay readable; "
        "it cannot be opened again."
    )

    def extra_context(self, form: BaseForm) -> dict[str, Any]:
        return {"message": self.message, "danger": True}

    def save(self, form: Any) -> str:
        data = form.cleaned_data
        services.close_budget(
            actor=self.request.actor,
            budget_id=self.budget.id,
            version=data["version"],
            note=data["note"],
        )
        return self.done(f"{self.budget.name} is closed.")
