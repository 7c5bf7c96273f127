"""Pages of capabilities: list, one, add, change, retire."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from apps.access.permissions import P
from apps.access.services import can, can_anywhere, require
from apps.access.web import requires
from apps.common import fmt
from apps.common.errors import Conflict
from apps.common.money import from_nanos
from apps.common.web.forms import ConfirmPage, FormPage
from apps.common.web.lists import (
    Action,
    ChoiceFilter,
    Column,
    Empty,
    ListPage,
    RelationFilter,
    SearchFilter,
)
from apps.organizations.selectors import unit_choices
from apps.portfolio import panels, selectors, services
from apps.portfolio.enums import CapabilityKind, DataClass, Stage, Tier
from apps.portfolio.models import Capability
from apps.portfolio.rules import slug_of
from apps.portfolio.web import forms
from apps.tenancy.urls import org_url


@requires(P.CAPABILITY_VIEW)
class CapabilityList(ListPage):
    """Active capabilities; retired ones by the stage filter."""

    title = "Capabilities"
    lede = "What the organization uses tokens for, and who answers for it."
    noun = ("capability", "capabilities")
    default_sort = "name_norm"
    filters = (
        SearchFilter("q", "Search", fields=("name_norm", "slug"), placeholder="Name or code…"),
        ChoiceFilter("kind", "Kind", choices=CapabilityKind.choices),
        RelationFilter("unit", "Team", choices=lambda request: unit_choices()),
        ChoiceFilter("stage", "Stage", choices=Stage.choices, any_label="All but retired"),
        ChoiceFilter("tier", "Tier", choices=Tier.choices),
        ChoiceFilter("data_class", "Data class", choices=DataClass.choices),
    )

    @cached_property
    def costs(self) -> Any:
        return panels.costs(self.request)

    def get_title(self) -> str:
        """The answer: how many nobody answers for."""
        found = selectors.capabilities(self.request.actor).exclude(stage=Stage.RETIRED)
        owners = list(found.order_by().values_list("owner_membership_id", flat=True))
        alone = sum(owner is None for owner in owners)
        if not owners:
            return "No capability is in use yet"
        if len(owners) == 1:
            return f"1 capability, {'without' if alone else 'with'} an owner"
        counted = fmt.plural(len(owners), *self.noun)
        return f"{counted}, {f'{alone} without' if alone else 'each with'} an owner"

    def get_queryset(self) -> QuerySet[Capability]:
        found = selectors.capabilities(self.request.actor)
        if self.request.GET.get("stage", "") in Stage.values:
            return found
        return found.exclude(stage=Stage.RETIRED)

    def get_columns(self) -> Sequence[Column]:
        columns = [
            Column(
                "name",
                "Capability",
                sort="name_norm",
                link=lambda row, request: org_url(
                    request, "portfolio:detail", capability_id=row.id
                ),
                sub=lambda row: row.slug,
            ),
            Column("slug", "Code", in_table=False),
            Column("kind", "Kind", value=lambda row: row.get_kind_display(), sort="kind"),
            Column("unit", "Team", value=lambda row: row.unit.name, sort="unit__name"),
            Column("stage", "Stage", value=lambda row: row.get_stage_display(), sort="stage"),
            Column("tier", "Tier", value=lambda row: row.tier_label, sort="tier"),
            Column(
                "data_class",
                "Data class",
                value=lambda row: row.get_data_class_display(),
                phone=False,
            ),
            Column(
                "owner",
                "Owner",
                value=lambda row: str(row.owner_membership) if row.owner_membership else None,
            ),
        ]
        if self.costs is not None:
            currency = self.request.organization.currency
            columns.append(
                Column(
                    "cost",
                    "Cost, 30 days",
                    value=lambda row: fmt.money(self.costs.get(row.id), currency),
                    align="num",
                    csv=lambda row: _units(self.costs.get(row.id)),
                    csv_label=f"Cost, 30 days ({currency})",
                )
            )
        return columns

    def get_actions(self) -> Sequence[Action]:
        if not can_anywhere(self.request.actor, P.CAPABILITY_MANAGE):
            return ()
        url = org_url(self.request, "portfolio:create")
        return (Action("New capability", url, "plus", primary=True),)

    def get_empty(self) -> Empty:
        body = (
            "A capability is one thing tokens are used for: an assistant, a pipeline, a coding "
            "team. Stories, budgets and usage are held against it."
        )
        actions = self.get_actions()
        if actions:
            return Empty("No capability yet", body, actions[0].label, actions[0].url, "stack-2")
        return Empty("No capability yet", body, icon="stack-2")

    def row_class(self, obj: Capability) -> str:
        return "mut" if obj.is_retired else ""


@requires(P.CAPABILITY_VIEW)
class Detail(View):
    """What it is, and the cards that other apps add: usage, budgets, stories."""

    def get(self, request: HttpRequest, capability_id: UUID) -> HttpResponse:
        capability = selectors.capability_by_id(request.actor, capability_id)
        return render(
            request,
            "portfolio/detail.html",
            {
                "title": capability.name,
                "lede": capability.description.split("\n")[0][:300],
                "crumbs": [
                    ("Capabilities", org_url(request, "portfolio:list")),
                    (capability.name, ""),
                ],
                "actions": self._actions(request, capability),
                "capability": capability,
                "panels": panels.panels_for(request, capability),
            },
        )

    def _actions(self, request: HttpRequest, capability: Capability) -> list[Action]:
        if not can(request.actor, P.CAPABILITY_MANAGE, unit_id=capability.unit_id):
            return []
        edit = org_url(request, "portfolio:edit", capability_id=capability.id)
        retire = org_url(request, "portfolio:retire", capability_id=capability.id)
        found = [Action("Edit", edit, "pencil", primary=True)]
        if not capability.is_retired:
            found.insert(0, Action("Retire", retire, "lock"))
        return found


@requires(P.CAPABILITY_MANAGE)
class Create(FormPage):
    """`?name=` and `?unit=` fill the form."""

    form_class = forms.CreateForm
    title = "New capability"
    submit_label = "Add the capability"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Capabilities", self.cancel_url()), ("New", "")]

    def cancel_url(self) -> str:
        return org_url(self.request, "portfolio:list")

    def form_kwargs(self) -> dict[str, Any]:
        return {"request": self.request}

    def get_initial(self) -> dict[str, Any]:
        name = self.request.GET.get("name", "")
        return {
            "name": name,
            "slug": slug_of(name),
            "unit": self.request.GET.get("unit", ""),
            "stage": Stage.EXPERIMENT,
            "data_class": DataClass.INTERNAL,
        }

    def save(self, form: Any) -> str:
        made = services.create_capability(actor=self.request.actor, **form.values())
        messages.success(self.request, f"{made.name} is added.")
        return org_url(self.request, "portfolio:detail", capability_id=made.id)


class Change(FormPage):
    """What the pages that change one capability share."""

    @cached_property
    def capability(self) -> Capability:
        found = selectors.capability_by_id(self.request.actor, self.kwargs["capability_id"])
        require(self.request.actor, P.CAPABILITY_MANAGE, unit_id=found.unit_id)
        return found

    def get_title(self) -> str:
        return f"{self.title} {self.capability.name}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Capabilities", org_url(self.request, "portfolio:list")),
            (self.capability.name, self.cancel_url()),
            (self.title, ""),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "portfolio:detail", capability_id=self.capability.id)


@requires(P.CAPABILITY_MANAGE)
class Edit(Change):
    """A retired capability comes back by choosing a stage."""

    form_class = forms.EditForm
    title = "Edit"
    submit_label = "Save the capability"

    def form_kwargs(self) -> dict[str, Any]:
        return {"request": self.request}

    def get_initial(self) -> dict[str, Any]:
        found = self.capability
        fields = ("name", "kind", "stage", "tier", "data_class", "description", "version")
        return {
            **{field: getattr(found, field) for field in fields},
            "unit": str(found.unit_id),
            "owner": str(found.owner_membership_id or ""),
        }

    def get_lede(self) -> str:
        if self.capability.is_retired:
            return "It is retired: saving it with a stage brings it back."
        return f"Its code is {self.capability.slug} and stays."

    def save(self, form: Any) -> str:
        values = form.values()
        version = values.pop("version")
        services.change_capability(
            actor=self.request.actor,
            capability_id=self.capability.id,
            version=version,
            **values,
        )
        messages.success(self.request, "Saved.")
        return self.cancel_url()


@requires(P.CAPABILITY_MANAGE)
class Retire(Change, ConfirmPage):
    form_class = forms.RetireForm
    template_name = "confirm.html"
    title = "Retire"
    submit_label = "Retire the capability"
    danger = True
    message = (
        "It takes no new stories or budgets. Its usage, stories and budgets so far stay where "
        "they are, and it can be brought back."
    )

    def get_initial(self) -> dict[str, Any]:
        if self.capability.is_retired:
            raise Conflict("The capability is already retired.", code="already_retired")
        return {"version": self.capability.version}

    def extra_context(self, form: BaseForm) -> dict[str, Any]:
        return {"message": self.message, "danger": True}

    def save(self, form: Any) -> str:
        services.retire_capability(
            actor=self.request.actor,
            capability_id=self.capability.id,
            version=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
        )
        messages.success(self.request, f"{self.capability.name} is retired.")
        return self.cancel_url()


def _units(nanos: int | None) -> Any:
    return None if nanos is None else from_nanos(nanos)
