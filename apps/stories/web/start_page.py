"""Where a new story starts: a pattern, a template, a similar story, measured use, or nothing."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.access.actors import Actor
from apps.common import clock, fmt
from apps.common.errors import NotFound
from apps.organizations.selectors import organization
from apps.stories.estimator import dump, load
from apps.stories.selectors.profile import DAYS, MeasuredUse, blank_assumptions, measured_use
from apps.stories.selectors.similar import recent_starts
from apps.stories.selectors.stories import draft_of, revision_by_id, story_by_ref
from apps.stories.selectors.templates import (
    built_in,
    offered_templates,
    template_by_id,
    usual_mix,
)
from apps.stories.services.plan import plan_of
from apps.stories.services.templates import template_assumptions
from apps.stories.starts import STARTS, redate
from apps.stories.web import access
from apps.stories.web.forms.story import assumption_initial, initial_of
from apps.tenancy.urls import org_url


def start_page(request: HttpRequest) -> HttpResponse:
    """Cards to start from. Each is a link to the form."""
    actor: Actor = request.actor
    context = {
        "title": "New Token Story",
        "crumbs": [("Token Stories", org_url(request, "stories:list")), ("New", "")],
        "starts": list(STARTS.values()),
        "templates": list(offered_templates()[:12]),
        "similar": recent_starts(actor),
        "capabilities": access.capability_choices(actor)[:200],
    }
    return render(request, "stories/start.html", context)


def initial_for(request: HttpRequest, asked: Mapping[str, str]) -> dict[str, Any]:
    """Initial data of the form, from whatever the address asks to start from."""
    actor: Actor = request.actor
    initial = _blank(actor)
    if asked.get("template"):
        initial |= _from_template(asked["template"])
    if asked.get("like"):
        initial |= _like(actor, asked["like"])
    wanted = asked.get("capability", "")
    known = dict(access.capability_choices(actor))
    if wanted in known:
        use = measured_use(UUID(wanted))
        measured = assumption_initial(blank_assumptions(use.production)) if use else {}
        messages.info(request, _told(use))
        name = known[wanted].rsplit(" (", 1)[0]
        initial |= {**measured, "capability": wanted, "title": name, "dev_basis": "size"}
    return initial


def _told(use: MeasuredUse | None) -> str:
    """What was filled in from measured use, and what is left to say."""
    if use is None:
        return f"Nothing was measured in the last {DAYS} days: choose a model and say how often."
    figures = f"{fmt.tokens(use.tokens)} tokens"
    if use.cost_nanos is not None:
        figures += f" for {fmt.money(use.cost_nanos, organization().currency)}"
    if use.requests:
        return f"Filled in from {figures} in the last {DAYS} days. Split the input where you can."
    return (
        f"Models, caching and batches are those of {figures} in the last {DAYS} days. Its sources "
        "count no requests: say how often it runs and what one call takes."
    )


def _blank(actor: Actor) -> dict[str, Any]:
    units = access.unit_choices(actor)
    return {
        **assumption_initial(blank_assumptions()),
        "kind": "production",
        "unit": units[0][0] if len(units) == 1 else "",
        "dev_basis": "effort",
        "value_adoption": 100,
        "value_owner": str(actor.membership_id or ""),
        "mix.0.share": 100,
    }


def _from_template(key: str) -> dict[str, Any]:
    """A built-in start by its key, a template of the organization by its id; else nothing."""
    found = built_in(key)
    if found is not None:
        return {
            **assumption_initial(found.assumptions),
            "kind": found.kind,
            "pattern": found.pattern,
            "value_metric": found.value_metric,
            "value_unit": found.value_unit,
        }
    try:
        template = template_by_id(UUID(key))
    except (ValueError, NotFound):
        return {}
    a = redate(
        template_assumptions(template), today=clock.today(), build_months=template.build_months
    )
    if not a.production.mix:
        a = load({**dump(a), "production": {**dump(a)["production"], "mix": usual_mix()}})
    return {
        **assumption_initial(a),
        "kind": template.kind,
        "pattern": template.pattern,
        "value_metric": template.value_metric,
        "value_unit": template.value_unit,
        "value_per": template.value_per,
    }


def _like(actor: Actor, ref: str) -> dict[str, Any]:
    """A copy of another story's latest plan, dated from now. Unknown references copy nothing."""
    try:
        other = story_by_ref(actor, ref)
    except NotFound:
        return {}
    source: Any = draft_of(other)
    if other.current_revision_id:
        source = revision_by_id(other.current_revision_id)
    if source is None:
        return {}
    plan = plan_of(source)
    fresh = redate(
        plan.assumptions, today=clock.today(), build_months=plan.assumptions.build_months
    )
    return {
        **initial_of(plan),
        "title": f"{other.title} (copy)"[:160],
        "capability": "",
        "starts_on": fresh.starts_on,
        "live_on": fresh.live_on,
    }
