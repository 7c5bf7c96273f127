"""One story: what was promised, what happened, and what can be done with it now."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString
from django.views import View

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can, can_anywhere
from apps.access.web import requires
from apps.approvals import selectors as approvals
from apps.common import charts, clock, fmt
from apps.common.errors import Invalid
from apps.ledger.rules.drivers import Drivers
from apps.organizations.selectors import organization
from apps.stories import events, services
from apps.stories.design import load_design
from apps.stories.enums import Act, Confidence, Phase, ValuePer
from apps.stories.estimator import load
from apps.stories.models import StoryRevision, TokenStory
from apps.stories.selectors.budget_effect import story_budget
from apps.stories.selectors.checks import checks
from apps.stories.selectors.decision import return_times
from apps.stories.selectors.diff import compare, show_mix, show_number, show_triple
from apps.stories.selectors.progress import MonthLine, Progress, progress
from apps.stories.selectors.standing import last_answer, left_band
from apps.stories.selectors.stories import (
    approved_revision,
    cells,
    draft_of,
    live_successor,
    revision_by_id,
    revision_by_number,
    revisions,
    story_by_ref,
)
from apps.stories.selectors.trueup import true_up
from apps.stories.selectors.value import (
    ValueState,
    reports_of,
    value_state,
    worth_of_revision,
)
from apps.stories.web import access
from apps.stories.web.list_page import status_chip
from apps.stories.worth import cost_per_outcome
from apps.tenancy.urls import org_url
from apps.trail.registry import label_of
from apps.trail.selectors import events_of_object

MOST_EVENTS = 500
MOST_MONTHS = 12

TABS = (
    ("measured", "Promised and measured"),
    ("estimate", "Estimate"),
    ("value", "Value"),
    ("design", "Design"),
    ("history", "History"),
)

SERVICES = {
    Act.WITHDRAW: services.withdraw,
    Act.AMEND: services.amend,
    Act.DISCARD: services.discard,
    Act.START_DELIVERY: services.start_delivery,
    Act.GO_LIVE: services.go_live,
    Act.TRUE_UP: services.true_up,
    Act.CLOSE: services.close,
}

BUTTONS: dict[Act, tuple[str, str, str]] = {
    Act.START_DELIVERY: ("Start delivery", "arrow-right", ""),
    Act.GO_LIVE: ("Mark as live", "flag", ""),
    Act.TRUE_UP: ("True up", "scale", "What did you learn about the estimate?"),
    Act.AMEND: ("Amend", "pencil", ""),
    Act.DISCARD: ("Discard the amendment", "x", ""),
    Act.WITHDRAW: ("Withdraw", "arrow-back-up", "Why? Optional."),
    Act.SUPERSEDE: ("Replace with a new story", "refresh", ""),
    Act.CLOSE: ("Close", "circle-x", "Why? Optional."),
}
"""Label, icon and the question for a note, in the order of the buttons."""


@requires(P.STORY_VIEW)
class StoryDetail(View):
    """The story page; ``?tab=`` measured, estimate, value or history."""

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        actor: Actor = request.actor
        story = story_by_ref(actor, ref)
        tab = request.GET.get("tab", "")
        tab = tab if tab in dict(TABS) else TABS[0][0]
        draft = draft_of(story)
        wanted = story.approved_revision_id or story.current_revision_id
        revision = revision_by_id(wanted) if wanted else None
        may = access.acts_for(actor, story, has_draft=draft is not None)
        zone = request.organization.timezone
        so_far = progress(story, zone=zone)
        successor = live_successor(story)
        context: dict[str, Any] = {
            "title": story.title,
            "crumbs": [("Token Stories", org_url(request, "stories:list")), (story.ref, "")],
            "story": story,
            "status": status_chip(story),
            "draft": draft,
            "revision": revision,
            "may": may,
            "buttons": [
                (act.value, *BUTTONS[act])
                for act in BUTTONS
                if act in may and not (act is Act.SUPERSEDE and successor)
            ],
            "may_keep": can(actor, P.STORY_TEMPLATE_MANAGE, unit_id=story.unit_id),
            "may_copy": can_anywhere(actor, P.STORY_WRITE),
            "can_edit": draft is not None and Act.SAVE in may,
            "tab": tab,
            "tabs": TABS,
            "progress": so_far,
            "headline": headline(story, so_far),
            "request_open": approvals.open_request_of("story", story.id),
            "answer": last_answer(story),
            "left_band": left_band(story),
            "conditions": approvals.conditions_of_subject("story", story.id),
            "budget": story_budget(story),
            "latest": revisions(story).first(),
            "successor": successor,
            "zone": zone,
            "today": clock.today(zone),
        }
        context |= self._tab(tab, story, revision, so_far)
        return render(request, "stories/detail.html", context)

    def _tab(
        self,
        tab: str,
        story: TokenStory,
        revision: StoryRevision | None,
        so_far: Progress,
    ) -> dict[str, Any]:
        if tab == "history":
            return {"events": history(story), "revisions": list(revisions(story))}
        if revision is None:
            return {}
        if tab == "estimate":
            return estimate_context(revision)
        if tab == "design":
            return {"design": load_design(revision.design)}
        if tab == "value":
            return {**value_context(revision), **measured_value(self.request.actor, story)}
        return {
            "chart": promised_chart(so_far, revision.currency),
            "trueup": (after := true_up(story, so_far)),
            "moved": moved(after.drivers, revision.currency) if after else [],
            "by_month": [
                (each, moved(each.drivers, revision.currency))
                for each in (after.by_month[:MOST_MONTHS] if after else ())
            ],
            "effects": list(EFFECTS.values()),
            "exits": list(story.exits.order_by("-month")[:MOST_MONTHS]),
        }


EFFECTS = {
    "volume": "Volume",
    "tokens_per_request": "Tokens per interaction",
    "model_mix": "Model mix",
    "caching": "Caching",
    "unit_price": "Price",
}


def moved(drivers: Drivers | None, currency: str) -> list[tuple[str, str]]:
    """What moved production's cost, in the words of the page; the parts sum to the change."""
    if drivers is None:
        return []
    parts = drivers.parts
    return [
        (label, fmt.signed_money(parts[name], currency, "exact")) for name, label in EFFECTS.items()
    ]


def headline(story: TokenStory, so_far: Progress) -> str:
    """The answer of the page in one sentence."""
    change = so_far.change_so_far
    if change is not None:
        months = len(so_far.compared)
        size = fmt.delta(change, 0)
        return (
            f"Measured {fmt.money(so_far.measured_so_far, story.currency)} in "
            f"{fmt.plural(months, 'whole month')}, {size} against the estimate."
        )
    if so_far.has_measured:
        cost = fmt.money(so_far.measured_cost, story.currency)
        return f"Measured {cost} so far; the first whole month is not over yet."
    if story.approved_revision_id:
        when = f" Go-live is planned for {story.live_on:%B %Y}." if story.live_on else ""
        return f"Nothing measured yet.{when}"
    if story.month_cost_nanos is not None:
        likely = fmt.money(story.month_cost_nanos, story.currency)
        return f"Likely to cost {likely} a month in production."
    return "The estimate is not complete yet."


def promised_chart(so_far: Progress, currency: str) -> SafeString:
    """Months of estimate and measured cost; missing months stay empty."""
    lines = so_far.lines
    if len(lines) < 2:
        return SafeString()
    change = so_far.change_so_far
    summary = (
        "Nothing has been measured yet."
        if change is None
        else f"Measured cost is {fmt.delta(change, 0)} against the likely estimate so far."
    )
    runs = [Phase.PRODUCTION.value in line.phases or not line.phases for line in lines]
    series = [
        charts.Series("Estimated to build", "s2", _where(lines, "cost_p50", runs, wanted=False)),
        charts.Series("Estimated, likely (P50)", "s6", _where(lines, "cost_p50", runs)),
        charts.Series("Estimated, high (P90)", "s3", _where(lines, "cost_p90", runs)),
        charts.Series("Budget", "s5", [line.budget_nanos for line in lines]),
        charts.Series("Measured while building", "s4",
                      _where(lines, "cost_nanos", runs, wanted=False)),
        charts.Series("Measured", "s1", _where(lines, "cost_nanos", runs)),
    ]  # fmt: skip
    return charts.lines(
        [f"{line.month.start:%b}" for line in lines],
        [each for each in series if any(value is not None for value in each.values)],
        title="Promised and measured cost per month",
        summary=summary,
        axis=lambda value: fmt.axis_money(value, currency),
        cell=lambda value: fmt.money(int(value), currency, style="exact"),
        labels=[f"{line.month.start:%B %Y}" for line in lines],
        head="Month",
    )


def _where(
    lines: list[MonthLine], name: str, runs: list[bool], *, wanted: bool = True
) -> list[int | None]:
    """A figure of the months of running, or of building: one line would join what is spent once
    with what is spent every month."""
    return [
        getattr(line, name) if run is wanted else None
        for line, run in zip(lines, runs, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class AssumptionLine:
    """One assumption of a frozen version."""

    label: str
    value: str


def assumption_lines(revision: StoryRevision) -> dict[str, list[AssumptionLine]]:
    """Assumptions in use, by phase; inputs left at zero are not repeated."""
    from apps.stories.estimator.fields import FIELDS, is_used, value_at

    a = load(revision.assumptions)
    found: dict[str, list[AssumptionLine]] = {"production": [], "development": [], "testing": []}
    for spec in FIELDS:
        triple = value_at(a, spec.path)
        if is_used(a, spec.path) and (triple.likely or triple.is_ranged):
            found[spec.phase].append(AssumptionLine(spec.label, show_triple(triple, spec)))
    found["production"].append(AssumptionLine("Models", show_mix(a.production.mix)))
    found["production"].append(
        AssumptionLine("Planned for", fmt.plural(a.production.horizon_months, "month"))
    )
    if a.development.size:
        found["development"].insert(0, AssumptionLine("Size", a.development.size))
    return found


def estimate_context(revision: StoryRevision) -> dict[str, Any]:
    phases = revision.estimate.get("phases", {})
    return {
        "assumptions": assumption_lines(revision),
        "phase_totals": [
            (name.capitalize(), phases[name]) for name in phases if phases[name]["tokens"]["likely"]
        ],
        "lifetime": revision.estimate.get("lifetime"),
        "first_year": revision.estimate.get("first_year"),
        "tornado": revision.estimate.get("tornado", [])[:6],
        "cells": list(cells(revision)),
        "checks": checks(revision),
        "dates": load(revision.assumptions),
        "range_bar": charts.range_bar(
            revision.month_cost_p10,
            revision.month_cost_p50,
            revision.month_cost_p90,
            cap=revision.cap_nanos,
            label="Monthly cost, P10 to P90, against the cap",
        ),
    }


def value_context(revision: StoryRevision) -> dict[str, Any]:
    worth = worth_of_revision(revision)
    outcome = cost_per_outcome(revision.month_cost_likely, worth.units) if worth else None
    return {
        "return_times": return_times(revision),
        "worth": worth,
        "cost_per_outcome": outcome,
        "value_per": ValuePer(revision.value_per).label,
        "confidence": Confidence(revision.value_confidence).label
        if revision.value_confidence
        else "",
        "baseline": _number(revision.value_baseline),
        "change": _number(revision.value_change),
        "adoption": _number(revision.value_adoption),
    }


VALUE_TONES = {
    ValueState.PROVEN: "ok",
    ValueState.PARTLY: "warn",
    ValueState.DISPROVEN: "bad",
    ValueState.OVERDUE: "warn",
}


def measured_value(actor: Actor, story: TokenStory) -> dict[str, Any]:
    """Where the hypothesis stands, every measurement, and whether this actor may report one."""
    approved = approved_revision(story)
    reports = list(reports_of(story))
    state = value_state(approved, reports, clock.today(organization().timezone))
    writes = can(actor, P.STORY_WRITE, unit_id=story.unit_id, owner_id=story.author_id)
    owner = approved.value_owner_id if approved else None
    return {
        "reports": [
            (each, show_number(each.measured_change), show_number(each.expected_change))
            for each in reports
        ],
        "value_state": state,
        "value_tone": VALUE_TONES.get(state, ""),
        "may_report": state is not ValueState.NONE and (writes or actor.owns(owner)),
    }


def _number(value: Decimal | None) -> str:
    return fmt.DASH if value is None else show_number(value)


def history(story: TokenStory) -> list[dict[str, Any]]:
    """What happened to the story, newest first. Autosaves in a row are told once."""
    told: list[dict[str, Any]] = []
    for event in events_of_object("story", story.id)[:MOST_EVENTS]:
        if (
            event.action == "story.saved"
            and told
            and told[-1]["action"] == "story.saved"
            and told[-1]["actor"] == event.actor_name
        ):
            continue
        told.append(
            {
                "action": event.action,
                "did": events.DID.get(event.action, ""),
                "label": label_of(event.action),
                "actor": event.actor_name,
                "at": event.at,
                "reason": event.reason,
                "revision": (event.after or {}).get("revision"),
            }
        )
    return told


@requires(P.STORY_VIEW)
class StoryVersion(View):
    """A frozen version as it was submitted."""

    def get(self, request: HttpRequest, ref: str, number: int) -> HttpResponse:
        story = story_by_ref(request.actor, ref)
        revision = revision_by_number(story, number)
        context = {
            "title": f"{revision.title}, version {number}",
            "crumbs": self._crumbs(request, story, f"Version {number}"),
            "story": story,
            "revision": revision,
            "earlier": revisions(story).filter(number__lt=number).first(),
            **estimate_context(revision),
            **value_context(revision),
            "design": load_design(revision.design),
        }
        return render(request, "stories/version.html", context)

    def _crumbs(self, request: HttpRequest, story: TokenStory, last: str) -> list[tuple[str, str]]:
        return [
            ("Token Stories", org_url(request, "stories:list")),
            (story.ref, org_url(request, "stories:detail", story.ref)),
            (last, ""),
        ]


@requires(P.STORY_VIEW)
class StoryDiff(StoryVersion):
    """Two versions side by side: any two, named in the address or chosen (`?old=1&new=3`)."""

    def get(
        self, request: HttpRequest, ref: str, old: int | None = None, new: int | None = None
    ) -> HttpResponse:
        story = story_by_ref(request.actor, ref)
        if old is None or new is None:
            return self._chosen(request, story)
        before, after = revision_by_number(story, old), revision_by_number(story, new)
        rows = compare(before, after)
        changed = sum(row.changed for row in rows)
        context = {
            "title": f"{story.title}: version {old} against {new}",
            "crumbs": self._crumbs(request, story, f"{old} against {new}"),
            "story": story,
            "before": before,
            "after": after,
            "diff": rows,
            "changed": changed,
            "revisions": list(revisions(story)),
        }
        return render(request, "stories/diff.html", context)

    def _chosen(self, request: HttpRequest, story: TokenStory) -> HttpResponse:
        """The address of two versions that were picked, the older one first."""
        try:
            picked = sorted(int(request.GET.get(name, "")) for name in ("old", "new"))
        except ValueError:
            raise Invalid("Choose two versions.", field="old") from None
        return redirect(org_url(request, "stories:diff", story.ref, *picked))


@requires(P.STORY_WRITE, P.STORY_SUBMIT)
class StoryAct(View):
    """``do`` names the act, ``version`` what the person saw, ``note`` why."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, ref: str) -> HttpResponse:
        actor: Actor = request.actor
        story = story_by_ref(actor, ref)
        try:
            act = Act(request.POST.get("do", ""))
            version = int(request.POST.get("version", ""))
        except ValueError:
            raise Invalid("The request names no act and version.", field="do") from None
        if act is Act.SUBMIT:
            services.submit(
                actor=actor, story_id=story.id, version=version, note=request.POST.get("note", "")
            )
        elif act is Act.SUPERSEDE:
            successor = services.supersede(actor=actor, story_id=story.id, version=version)
            return redirect(org_url(request, "stories:edit", successor.ref))
        elif act in (Act.AMEND, Act.DISCARD):
            SERVICES[act](actor=actor, story_id=story.id, version=version)
        elif act in SERVICES:
            SERVICES[act](  # type: ignore[call-arg]
                actor=actor,
                story_id=story.id,
                version=version,
                note=request.POST.get("note", "")[:4000],
            )
        else:
            raise Invalid("This is decided on the approval page.", field="do")
        after = "stories:edit" if act is Act.AMEND else "stories:detail"
        return redirect(org_url(request, after, story.ref))


__all__ = ["MonthLine", "StoryAct", "StoryDetail", "StoryDiff", "StoryVersion"]
