"""The unit tree."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest

from apps.access.permissions import P
from apps.access.services import can, can_anywhere
from apps.access.web import requires
from apps.common.web.lists import Action, Column, CustomFilter, Empty, ListPage
from apps.organizations import selectors, services
from apps.organizations.enums import UnitKind
from apps.organizations.models import Unit
from apps.organizations.panels import panels_for
from apps.organizations.selectors import UnitNode
from apps.organizations.web.base import SettingsConfirmPage, SettingsFormPage, SettingsMixin
from apps.organizations.web.forms import MoveUnitForm, NewUnitForm, ReasonForm, UnitForm
from apps.organizations.web.places import unit_options
from apps.tenancy.urls import org_url


def _link(node: UnitNode, request: HttpRequest) -> str:
    return org_url(request, "organizations:unit", node.unit.id)


def _in_state(nodes: Any, state: str) -> Any:
    return [node for node in nodes if node.unit.is_active == (state == "active")]


def _of_kind(nodes: Any, kind: str) -> Any:
    return [node for node in nodes if node.unit.kind == kind]


@requires(P.ORG_VIEW)
class Units(SettingsMixin, ListPage):
    tab = "organizations:units"
    title = "Units"
    lede = "Usage, stories and budgets belong to units. Roles at a unit count for all below it."
    noun = ("unit", "units")
    template_name = "organizations/list.html"
    page_size = 100
    columns = (
        Column(
            "name",
            "Unit",
            value=lambda n: "\u2003" * n.level + n.unit.name,
            link=_link,
            csv=lambda n: n.unit.name,
        ),
        Column("kind", "Kind", value=lambda n: UnitKind(n.unit.kind).label),
        Column("code", "Code", value=lambda n: n.unit.code),
        Column("cost_centre", "Cost centre", value=lambda n: n.unit.cost_centre),
        Column("level", "Level", in_table=False),
        Column("state", "State", value=lambda n: "Active" if n.unit.is_active else "Retired"),
    )
    filters = (
        CustomFilter(
            "state",
            "State",
            choices=(("active", "Active"), ("retired", "Retired")),
            narrow=_in_state,
        ),
        CustomFilter(
            "kind",
            "Kind",
            choices=UnitKind.choices,
            narrow=_of_kind,
        ),
    )
    empty = Empty("No unit")

    def get_queryset(self) -> Sequence[UnitNode]:
        return selectors.units_tree(include_retired=True)

    def row_class(self, obj: UnitNode) -> str:
        return "" if obj.unit.is_active else "mut"

    def get_actions(self) -> Sequence[Action]:
        if not can_anywhere(self.actor, P.UNIT_MANAGE):
            return ()
        return (Action("Add a unit", self.url("unit_new"), "plus", primary=True),)

    def extra_context(self) -> dict[str, Any]:
        return self.tab_context()


@requires(P.UNIT_MANAGE)
class NewUnit(SettingsFormPage):
    tab = "organizations:units"
    title = "Add a unit"
    submit_label = "Add unit"
    form_class = NewUnitForm

    def cancel_url(self) -> str:
        return self.url("units")

    def form_kwargs(self) -> dict[str, Any]:
        return {"parents": unit_options(self.actor, P.UNIT_MANAGE)}

    def get_initial(self) -> dict[str, Any]:
        return {"parent": self.request.GET.get("parent", ""), "kind": UnitKind.TEAM}

    def save(self, form: NewUnitForm) -> str:
        data = form.cleaned_data
        unit = services.add_unit(
            actor=self.actor,
            name=data["name"],
            parent_id=UUID(data["parent"]),
            kind=data["kind"],
            code=data["code"],
            cost_centre=data["cost_centre"],
        )
        messages.success(self.request, f"{unit.name} added.")
        return self.url("units")


class _OneUnit(SettingsMixin):
    """Pages about the unit of the address."""

    tab = "organizations:units"
    kwargs: dict[str, Any]
    _unit: Unit | None = None

    @property
    def unit(self) -> Unit:
        if self._unit is None:
            self._unit = selectors.unit_by_id(self.kwargs["pk"])
        return self._unit

    def cancel_url(self) -> str:
        return self.url("unit", self.unit.id)

    def more_crumbs(self) -> list[tuple[str, str]]:
        here: Any = self
        return [(self.unit.name, self.cancel_url()), (here.get_title(), "")]


@requires(P.ORG_VIEW)
class UnitPage(_OneUnit, SettingsFormPage):
    """One unit: what it used, its settings, and what else can be done with it."""

    template_name = "organizations/unit.html"
    submit_label = "Save unit"
    form_class = UnitForm

    def get_title(self) -> str:
        return self.unit.name

    def cancel_url(self) -> str:
        return self.url("units")

    def more_crumbs(self) -> list[tuple[str, str]]:
        return [(self.unit.name, "")]

    def form_kwargs(self) -> dict[str, Any]:
        return {"root": self.unit.parent_id is None}

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.unit, name) for name in ("name", "kind", "cost_centre")}

    def save(self, form: UnitForm) -> str:
        unit = services.change_unit(actor=self.actor, unit_id=self.unit.id, **form.cleaned_data)
        messages.success(self.request, f"{unit.name} saved.")
        return self.url("units")

    def extra_context(self, form: Any) -> dict[str, Any]:
        unit, actor = self.unit, self.actor
        above = unit.parent_id is not None and can(actor, P.UNIT_MANAGE, unit_id=unit.parent_id)
        return {
            **self.tab_context(),
            "unit": unit,
            "kind_label": UnitKind(unit.kind).label,
            "may_change": can(actor, P.UNIT_MANAGE, unit_id=unit.id),
            "may_place": above,
            "panels": panels_for(self.request, unit),
        }


@requires(P.UNIT_MANAGE)
class MoveUnit(_OneUnit, SettingsFormPage):
    submit_label = "Move unit"
    form_class = MoveUnitForm

    def get_title(self) -> str:
        return f"Move {self.unit.name}"

    def get_lede(self) -> str:
        return "Everything below moves along. Past usage keeps its unit; totals above change."

    def form_kwargs(self) -> dict[str, Any]:
        inside = {str(unit_id) for unit_id in selectors.unit_subtree_ids(self.unit.id)}
        offered = unit_options(self.actor, P.UNIT_MANAGE)
        return {"parents": [option for option in offered if option[0] not in inside]}

    def get_initial(self) -> dict[str, Any]:
        return {"parent": str(self.unit.parent_id)}

    def save(self, form: MoveUnitForm) -> str:
        unit = services.move_unit(
            actor=self.actor, unit_id=self.unit.id, parent_id=UUID(form.cleaned_data["parent"])
        )
        messages.success(self.request, f"{unit.name} moved.")
        return self.url("units")


@requires(P.UNIT_MANAGE)
class RetireUnit(_OneUnit, SettingsConfirmPage):
    form_class = ReasonForm
    danger = True
    message = "Nothing new can be booked on a retired unit. Its past stays, and it can come back."
    submit_label = "Retire unit"

    def get_title(self) -> str:
        return f"Retire {self.unit.name}"

    def save(self, form: ReasonForm) -> str:
        services.retire_unit(
            actor=self.actor, unit_id=self.unit.id, reason=form.cleaned_data["reason"]
        )
        messages.success(self.request, f"{self.unit.name} retired.")
        return self.url("units")


@requires(P.UNIT_MANAGE)
class RestoreUnit(_OneUnit, SettingsConfirmPage):
    form_class = ReasonForm
    message = "The unit can be used again."
    submit_label = "Restore unit"

    def get_title(self) -> str:
        return f"Restore {self.unit.name}"

    def save(self, form: ReasonForm) -> str:
        services.restore_unit(
            actor=self.actor, unit_id=self.unit.id, reason=form.cleaned_data["reason"]
        )
        messages.success(self.request, f"{self.unit.name} restored.")
        return self.url("units")
