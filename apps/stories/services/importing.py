"""Many stories from one table: looked at first, written when confirmed, safe to repeat."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can, require_anywhere
from apps.common import clock
from apps.common.errors import FieldError, Invalid
from apps.common.money import to_nanos
from apps.organizations import selectors as organizations
from apps.portfolio.selectors import capabilities
from apps.pricing.rules import CURRENCY
from apps.stories import events
from apps.stories.estimator import PriceTable
from apps.stories.estimator.exact import likely_case
from apps.stories.estimator.prices import UnpricedModelError
from apps.stories.importing import Base, Row, in_columns, plan_fields, read_table
from apps.stories.models import ImportedRow
from apps.stories.selectors.estimating import check_assumptions, models_of
from apps.stories.selectors.models_used import resolve_model
from apps.stories.selectors.prices import price_table
from apps.stories.selectors.profile import blank_assumptions
from apps.stories.selectors.settings import settings_in_force
from apps.stories.selectors.templates import built_in, offered_templates, usual_mix
from apps.stories.services.drafts import author_of, create_draft, hold_numbers
from apps.stories.services.plan import PlanInput, column_values
from apps.stories.services.templates import template_assumptions
from apps.stories.starts import STARTS, redate
from apps.trail.services import record


@dataclass(slots=True)
class Checked:
    """One row after the check. ``status``: valid, refused, known (imported before) or imported.

    ``month_cost`` and ``lifetime_cost`` are likely nanos.
    """

    line: int
    title: str
    status: str
    digest: str
    errors: list[FieldError] = field(default_factory=list)
    ref: str = ""
    month_cost: int | None = None
    lifetime_cost: int | None = None
    plan: PlanInput | None = None


@dataclass(slots=True)
class ImportResult:
    """Every row of the table, in its order."""

    rows: list[Checked]
    currency: str = CURRENCY

    def count(self, status: str) -> int:
        return sum(row.status == status for row in self.rows)


def preview_import(*, actor: Actor, text: str) -> ImportResult:
    """What an import would do. Writes nothing. Raises Forbidden, Invalid (the whole table)."""
    require_anywhere(actor, P.STORY_WRITE)
    rows = read_table(text)
    known = dict(
        ImportedRow.objects.filter(digest__in=[row.digest for row in rows]).values_list(
            "digest", "story__ref"
        )
    )
    context = _Context(actor)
    checked: list[Checked] = []
    seen: dict[str, int] = {}
    for row in rows:
        if row.digest in known:
            checked.append(_line(row, "known", ref=known[row.digest]))
        elif row.digest in seen:
            row.refuse(
                "title", f"The same as line {seen[row.digest]}.", "Leave one of the lines out."
            )
            checked.append(_line(row, "refused"))
        else:
            checked.append(_check(row, context))
        seen.setdefault(row.digest, row.line)
    _price(checked)
    return ImportResult(checked)


@transaction.atomic
def import_stories(*, actor: Actor, text: str) -> ImportResult:
    """File every valid row as a draft, all or none; refused rows are left out and said.

    A row that was imported before makes nothing, so repeating a call is safe, and so is sending a
    mended file whole. Raises Forbidden, Invalid.
    """
    result = preview_import(actor=actor, text=text)
    hold_numbers()
    for row in result.rows:
        if row.status != "valid" or row.plan is None:
            continue
        try:
            with transaction.atomic():
                story = create_draft(actor=actor, plan=row.plan)
                ImportedRow.objects.create(digest=row.digest, story=story)
        except IntegrityError as error:
            if "imported_row" not in str(error):
                raise
            found = ImportedRow.objects.select_related("story").get(digest=row.digest)
            row.status, row.ref = "known", found.story.ref
        else:
            row.status, row.ref = "imported", story.ref
            record(
                actor=actor, action=events.IMPORTED, obj=story, after={"line": row.line},
            )  # fmt: skip
    return result


class _Context:
    """What rows refer to, read once."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.settings = settings_in_force()
        self.units: dict[str, UUID] = {}
        for unit in organizations.units():
            if unit.is_active:
                for name in (unit.name, unit.cost_centre):
                    if name:
                        self.units[name.casefold()] = unit.id
        self.capabilities = {row.slug: row for row in capabilities(actor)}
        self.templates = {row.name_norm: row for row in offered_templates()}
        self._bases: dict[str, Base | None] = {}
        self._mix = usual_mix()

    def base(self, name: str) -> Base | None:
        """The start a row names; None when there is no such template."""
        key = " ".join(name.casefold().split())
        if key not in self._bases:
            self._bases[key] = self._base(key)
        return self._bases[key]

    def _base(self, key: str) -> Base | None:
        if not key:
            return Base(_with_mix(blank_assumptions(), self._mix), {})
        found = built_in(key) if key in STARTS else None
        if found is not None:
            return Base(
                found.assumptions,
                {
                    "kind": found.kind,
                    "pattern": found.pattern,
                    "value_metric": found.value_metric,
                    "value_unit": found.value_unit,
                },
            )
        template = self.templates.get(key)
        if template is None:
            return None
        a = redate(
            template_assumptions(template), today=clock.today(), build_months=template.build_months
        )
        told = ("kind", "pattern", "value_metric", "value_unit", "value_per")
        return Base(a, {name: getattr(template, name) for name in told})


def _with_mix(a: Any, mix: Any) -> Any:
    import msgspec

    return msgspec.structs.replace(a, production=msgspec.structs.replace(a.production, mix=mix))


def _check(row: Row, context: _Context) -> Checked:
    base = context.base(row.cells.get("template", ""))
    if base is None:
        row.refuse(
            "template",
            f"There is no template {row.cells['template']}.",
            f"Use {', '.join(STARTS)}, or the name of one of yours.",
        )
        return _line(row, "refused")
    unit_id, capability_id = _place(row, context)
    values = plan_fields(row, base, sizes=context.settings.sizes, models=resolve_model)
    row.errors += check_assumptions(values["assumptions"])
    plan = None
    if unit_id is not None and not row.errors:
        plan = _plan(values, unit_id, capability_id)
        try:
            column_values(context.actor, plan, currency=CURRENCY)
        except Invalid as error:
            row.errors += error.errors
    if row.errors or plan is None:
        return _line(row, "refused")
    return dataclasses.replace(_line(row, "valid"), plan=plan)


def _place(row: Row, context: _Context) -> tuple[UUID | None, UUID | None]:
    """The team and the capability of a row; what is wrong is noted on it."""
    capability = None
    if "capability" in row.cells:
        capability = context.capabilities.get(row.cells["capability"])
        if capability is None:
            row.refuse(
                "capability",
                f"There is no capability {row.cells['capability']}.",
                "Use a capability’s code, or leave it empty.",
            )
    team = row.cells.get("team", "")
    unit_id = capability.unit_id if capability else context.units.get(team.casefold())
    if unit_id is None:
        message = f"There is no team {team}." if team else "No team is named."
        row.refuse("team", message, "Use a team’s name or cost centre.")
    elif not can(context.actor, P.STORY_WRITE, unit_id=unit_id, owner_id=author_of(context.actor)):
        row.refuse("team", "You may not file stories for this team.", "Ask its lead to import it.")
    return unit_id, capability.id if capability else None


def _plan(values: Mapping[str, Any], unit_id: UUID, capability_id: UUID | None) -> PlanInput:
    given = {name: value for name, value in values.items() if value not in (None, "")}
    for name, column in (("cap", "cap_nanos"), ("value_money", "value_money_nanos")):
        if name in given:
            given[column] = to_nanos(given.pop(name))
    return PlanInput(unit_id=unit_id, capability_id=capability_id, **{"title": "", **given})


def _line(row: Row, status: str, *, ref: str = "") -> Checked:
    return Checked(
        line=row.line,
        title=row.cells.get("title", ""),
        status=status,
        digest=row.digest,
        errors=in_columns(row),
        ref=ref,
    )


def _price(rows: Iterable[Checked]) -> None:
    """Likely cost of every valid row; a model without a price refuses its row."""
    priced = [(row, row.plan.assumptions) for row in rows if row.plan is not None]
    table: PriceTable = price_table({pair for _, a in priced for pair in models_of(a)})
    for row, a in priced:
        try:
            likely = likely_case(a, table)
        except UnpricedModelError as error:
            name = f"{error.provider} {error.model}".strip()
            row.status, row.plan = "refused", None
            row.errors.append(
                FieldError("model", f"{name} has no price today.", "Name another model.")
            )
            continue
        row.month_cost = likely.phases["production"].costs[0]
        row.lifetime_cost = sum(sum(phase.costs) for phase in likely.phases.values())
