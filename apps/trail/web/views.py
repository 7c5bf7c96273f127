"""The trail: who did what, when, to what; and the proof that nobody changed it since."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.access.permissions import P
from apps.access.web import actor_of, requires
from apps.common import fmt
from apps.common.web.lists import Action, ChoiceFilter, Column, Empty, Filter, ListPage
from apps.tenancy.urls import org_url
from apps.trail import registry, reports
from apps.trail.models import TrailEvent
from apps.trail.web.filters import DaysFilter, IdFilter, TextFilter, WhoFilter

KINDS = (("user", "Person"), ("service", "API key"), ("system", "System"))


def _link(event: TrailEvent, request: HttpRequest) -> str:
    return org_url(request, "trail:event", event.id)


def _object(event: TrailEvent) -> str:
    return f"{event.object_type.replace('_', ' ')}: {event.object_label}"


def _diff_text(event: TrailEvent) -> str:
    """`currency: USD -> EUR; ...` for files."""
    return "; ".join(
        f"{c.field}: {c.before if c.before is not None else ''} -> "
        f"{c.after if c.after is not None else ''}"
        for c in reports.changes(event.before, event.after)
    )


@requires(P.TRAIL_VIEW)
class Trail(ListPage):
    """Events, newest first."""

    title = "Trail"
    lede = "Who did what. Events cannot be changed or deleted, and are sealed in a chain of hashes."
    noun = ("event", "events")
    paging = "keyset"
    default_sort = "-at,-id"
    empty = Empty("Nothing has happened yet", icon="history")

    def get_title(self) -> str:
        """The answer: whether what happened can still be changed unseen."""
        waiting = reports.waiting_events()
        if not waiting:
            return "Every event is sealed"
        return f"{fmt.plural(waiting, 'event')} {'waits' if waiting == 1 else 'wait'} to be sealed"

    def get_columns(self) -> Sequence[Column]:
        zone = self.request.organization.timezone
        return (
            Column(
                "at",
                "When",
                value=lambda e: fmt.moment(e.at, zone),
                link=_link,
                csv=lambda e: e.at,
                csv_label="When (UTC)",
            ),
            Column("actor", "Who", value=lambda e: e.who),
            Column(
                "action",
                "What",
                value=lambda e: registry.label_of(e.action),
                csv=lambda e: e.action,
            ),
            Column("object", "Object", value=_object, full=True),
            Column("reason", "Reason", full=True),
            Column("actor_kind", "Kind of actor", in_table=False),
            Column(
                "actor_id",
                "Actor id",
                in_table=False,
                csv=lambda e: str(e.actor_id or e.actor_code),
            ),
            Column("object_id", "Object id", in_table=False, csv=lambda e: str(e.object_id or "")),
            Column("changes", "Changes", in_table=False, csv=_diff_text, value=_diff_text),
            Column("ip", "Address", in_table=False),
            Column("request_id", "Request", in_table=False),
        )

    def get_filters(self) -> Sequence[Filter]:
        zone = self.request.organization.timezone
        return (
            WhoFilter("who", "Who"),
            ChoiceFilter("kind", "Kind of actor", field="actor_kind", choices=KINDS),
            ChoiceFilter("action", "What", choices=_actions, multiple=True),
            ChoiceFilter("type", "Kind of object", field="object_type", choices=_types),
            TextFilter("object", "Object", field="object_label"),
            IdFilter("id", "Object id", field="object_id"),
            IdFilter("actor", "Actor id", field="actor_id"),
            DaysFilter("on", "When", field="at", zone=zone),
        )

    def get_queryset(self) -> QuerySet[TrailEvent]:
        return reports.all_events()

    def get_actions(self) -> Sequence[Action]:
        return (Action("Seal", org_url(self.request, "trail:seal"), "shield-check"),)


def _actions(request: HttpRequest) -> list[tuple[str, str]]:
    return [(action.name, action.label) for action in registry.all_actions()]


def _types(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in reports.object_types()]


def _crumbs(request: HttpRequest, here: str) -> list[tuple[str, str]]:
    return [("Trail", org_url(request, "trail:list")), (here, "")]


@requires(P.TRAIL_VIEW)
def event(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One event with both sides of each field, and its place in the chain."""
    found = reports.event_by_id(pk)
    label = registry.label_of(found.action)
    context: dict[str, Any] = {
        "title": label,
        "lede": f"{found.who}, {fmt.moment(found.at, request.organization.timezone)}",
        "crumbs": _crumbs(request, label),
        "event": found,
        "object": _object(found),
        "actor_kind": dict(KINDS).get(found.actor_kind, found.actor_kind),
        "changes": reports.changes(found.before, found.after),
        "sealed_by": reports.block_of(found),
    }
    return render(request, "trail/event.html", context)


@requires(P.TRAIL_VIEW)
def seal(request: HttpRequest) -> HttpResponse:
    """How far the chain reaches. POST recomputes it and writes the result in the trail."""
    if request.method == "POST":
        verdict = reports.verify_now(actor=actor_of(request))
        if verdict.ok:
            messages.success(
                request,
                f"The trail holds: {verdict.blocks} blocks and {verdict.events} events recomputed.",
            )
        else:
            messages.error(request, f"The trail does not hold: {verdict.problem}.")
        return redirect(org_url(request, "trail:seal"))
    last = (
        reports.all_events()
        .filter(object_type="trail", action=reports.events.TRAIL_VERIFIED)
        .first()
    )
    context = {
        "title": "Seal of the trail",
        "lede": "Each block holds the hash of the block before it: a changed, removed or added "
        "event breaks the chain.",
        "crumbs": _crumbs(request, "Seal"),
        "state": reports.seal_state(),
        "last": last,
    }
    return render(request, "trail/seal.html", context)
