"""One usage record: what was counted, at which price, whose it is and why, and how it changed."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.attribution import words as rule_words
from apps.attribution.enums import Phase
from apps.attribution.models import AttributionRule
from apps.common import fmt
from apps.ledger.enums import CostStatus
from apps.ledger.selectors.one_record import RecordView, one_record
from apps.ledger.selectors.records import counts_of
from apps.ledger.selectors.state import ledger_settings
from apps.pricing.enums import KIND_LABELS
from apps.tenancy.urls import org_url

SAID = (
    ("provider", "Provider"),
    ("account", "Provider account"),
    ("project", "Project"),
    ("api_key", "API key"),
    ("user", "User"),
    ("model", "Model"),
    ("service_tier", "Service tier"),
    ("context_window", "Context window"),
    ("region", "Region"),
    ("branch", "Branch"),
    ("repository", "Repository"),
)


@requires(P.USAGE_VIEW)
def record(request: HttpRequest, record: str) -> HttpResponse:
    """The page of one record; its address holds its instant and key."""
    view = one_record(request.actor, record)
    return render(request, "ledger/record.html", _context(request, view))


def _context(request: HttpRequest, view: RecordView) -> dict[str, Any]:
    settings, row = ledger_settings(), view.record
    tokens = counts_of(row).total
    may_manage = can(request.actor, P.ATTRIBUTION_MANAGE)
    span = view.span
    return {
        "title": _title(view, tokens, settings.currency),
        "crumbs": [("Usage records", org_url(request, "ledger:records")), ("Record", "")],
        "view": view,
        "row": row,
        "tokens": tokens,
        "currency": settings.currency,
        "zone": settings.timezone,
        "counted": [(KIND_LABELS.get(line.kind, line.kind), line) for line in view.counted],
        "said": _said(view),
        "tags": sorted(view.tags.items()),
        "source": view.words.name("source", view.dims.source_id),
        "unit": view.words.name("unit", span.unit_id) if span else "",
        "capability": view.words.name("capability", span.capability_id) if span else "",
        "story": view.words.name("story", span.story_id) if span else "",
        "phase": Phase(span.phase).label if span and span.phase else "",
        "asked": [
            (found, _conditions(found.rule, view), rule_words.target_text(found.rule))
            for found in view.asked
        ],
        "may_manage": may_manage,
        "rule_url": _rule_url(request, view) if may_manage else "",
    }


def _conditions(rule: AttributionRule, view: RecordView) -> str:
    """What a rule compares; without who the record's person is for those who may not see them."""
    said = rule_words.conditions_text(rule)
    hidden = not view.named and view.dims.user
    return said.replace(view.dims.user, view.user) if hidden else said


def _title(view: RecordView, tokens: int, currency: str) -> str:
    name = view.dims.model_name or view.dims.model
    said = f"{fmt.count(tokens)} tokens of {name}"
    row = view.record
    if row.cost_status == CostStatus.WITHDRAWN:
        return f"{name}: withdrawn by its source"
    if row.cost_nanos is None:
        return f"{said}, cost unknown"
    return f"{said} cost {fmt.money(row.cost_nanos, currency, 'unit')}"


def _said(view: RecordView) -> list[tuple[str, str, str]]:
    """Label, value and id of everything that the source said."""
    found, dims = [], view.dims
    for name, label in SAID:
        value, code = getattr(dims, name), getattr(dims, f"{name}_id", "")
        if name == "user":
            value = view.user
        if value or code:
            found.append((label, value or code, code if value and code != value else ""))
    return found


def _rule_url(request: HttpRequest, view: RecordView) -> str:
    """A new rule for usage like this, prefilled with the narrowest thing that is stated."""
    dims = view.dims
    for field, value in (
        ("api_key", dims.api_key_id or dims.api_key),
        ("user", dims.user if view.named else ""),
        ("project", dims.project_id or dims.project),
    ):
        if value:
            asked = urlencode({"field": field, "value": value})
            return f"{org_url(request, 'attribution:new')}?{asked}"
    return ""
