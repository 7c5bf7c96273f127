"""Data-quality alerts: the list, one alert, and taking it on or closing it."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch
from django.utils.safestring import SafeString

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common import fmt
from apps.common.templatetags.ui import chip
from apps.common.web.forms import ConfirmPage
from apps.common.web.lists import Action, ChoiceFilter, Column, CustomFilter, Empty, ListPage
from apps.ledger.enums import Axis
from apps.ledger.quality import selectors, services
from apps.ledger.quality.enums import Kind, Severity, State
from apps.ledger.quality.models import QualityAlert
from apps.ledger.query import labels
from apps.ledger.selectors.coverage import coverage
from apps.ledger.selectors.state import ledger_settings
from apps.organizations.selectors import organization
from apps.portfolio.selectors import capabilities
from apps.tenancy.urls import org_url
from apps.trail.selectors import events_of_object

TONES = {State.OPEN: "bad", State.ACKNOWLEDGED: "warn", State.RESOLVED: "ok"}


def _state(row: QualityAlert) -> SafeString:
    return chip(State(row.state).label, TONES[State(row.state)])


def _sources(request: HttpRequest) -> list[tuple[str, str]]:
    return [(str(source.source_id), source.name) for source in coverage().sources]


@requires(P.SOURCE_VIEW)
class AlertList(ListPage):
    """Reasons to doubt figures, the open ones first."""

    title = "Data quality"
    crumbs = (("Data quality", ""),)
    template_name = "ledger/list.html"
    noun = ("alert", "alerts")
    filename = "data-quality"
    default_sort = "rank,-last_seen"
    empty = Empty(
        "Nothing is wrong with the data",
        "Sources that go quiet, drop to zero, repeat themselves or report costs that do not fit "
        "their tokens appear here, use that grows faster than your threshold or fills its budget, "
        "and capabilities whose runs suddenly take more or less. The data is checked every hour.",
        icon="shield-check",
    )
    filters = (
        CustomFilter(
            "state",
            "State",
            choices=(("live", "Not resolved"), *State.choices()),
            narrow=lambda rows, value: rows.filter(
                state__in=selectors.LIVE if value == "live" else [value]
            ),
        ),
        ChoiceFilter("kind", "Kind", choices=Kind.choices()),
        ChoiceFilter("severity", "Weight", choices=Severity.choices()),
        ChoiceFilter("source", "Source", field="source_id", choices=_sources),
    )
    columns = (
        Column(
            "title",
            "Alert",
            link=lambda row, request: org_url(request, "quality:detail", quality_alert_id=row.id),
            sub=lambda row: Kind(row.kind).label,
            full=True,
        ),
        Column("kind", "Kind", value=lambda row: Kind(row.kind).label, in_table=False),
        Column("state", "State", value=_state, csv=lambda row: row.state, sort="rank"),
        Column("severity", "Weight", value=lambda row: Severity(row.severity).label),
        Column("since", "Since", sort="since"),
        Column(
            "acknowledged_by",
            "Who has it",
            value=lambda row: row.resolved_by or row.acknowledged_by,
            phone=False,
        ),
        Column(
            "last_seen",
            "Last seen",
            value=lambda row: fmt.moment(row.last_seen, organization().timezone),
            csv=lambda row: row.last_seen,
            sort="last_seen",
            phone=False,
        ),
        Column("detail", "Detail", in_table=False),
    )

    def get_actions(self) -> Sequence[Action]:
        if not can(self.request.actor, P.SOURCE_MANAGE):
            return ()
        url = org_url(self.request, "quality:growth")
        return (Action("Growth threshold", url, "trending-up"),)

    def get_queryset(self) -> QuerySet[QualityAlert]:
        return selectors.alerts(self.request.actor)

    @cached_property
    def live(self) -> list[str]:
        """The states of all alerts that are not resolved."""
        return list(selectors.live().values_list("state", flat=True))

    def get_title(self) -> str:
        waiting = self.live.count(State.OPEN)
        if not waiting:
            return "No alert waits for an answer"
        return f"{fmt.plural(waiting, 'alert')} {'waits' if waiting == 1 else 'wait'} for an answer"

    def get_lede(self) -> str:
        if not self.live:
            return "Every source keeps its own rhythm, and costs fit their tokens."
        taken = len(self.live) - self.live.count(State.OPEN)
        work = f"{fmt.plural(taken, 'alert')} in work. " if taken else ""
        return f"{work}What makes figures doubtful: take it on, or resolve it with the reason."

    def row_class(self, obj: QualityAlert) -> str:
        return "mut" if obj.state == State.RESOLVED else ""


@requires(P.SOURCE_VIEW)
def detail(request: HttpRequest, quality_alert_id: UUID) -> HttpResponse:
    """One alert: what was seen, what was done."""
    row = selectors.alert(request.actor, quality_alert_id)
    manage = can(request.actor, P.SOURCE_MANAGE) and row.state != State.RESOLVED
    context = {
        "title": row.title,
        "crumbs": [("Data quality", org_url(request, "quality:list")), (row.title, "")],
        "row": row,
        "chip": _state(row),
        "kind": Kind(row.kind).label,
        "severity": Severity(row.severity).label,
        "may_take": manage and row.state == State.OPEN,
        "may_resolve": manage,
        "source": labels.names_of(Axis.SOURCE, [row.source_id])[row.source_id][1]
        if row.source_id
        else "",
        "source_url": _source_url(request, row),
        "capability": capabilities(request.actor).filter(id=row.capability_id).first()
        if row.capability_id
        else None,
        "history": events_of_object("quality_alert", row.id)[:20],
        "zone": ledger_settings().timezone,
    }
    return render(request, "quality/detail.html", context)


def _source_url(request: HttpRequest, row: QualityAlert) -> str:
    try:
        return org_url(request, "connectors:detail", row.source_id) if row.source_id else ""
    except NoReverseMatch:
        return ""


class NoteForm(forms.Form):
    """A note, and the version the person saw."""

    note = forms.CharField(required=False, max_length=500)
    version = forms.IntegerField(widget=forms.HiddenInput)


class ResolveForm(NoteForm):
    note = forms.CharField(max_length=500, help_text="What was done, or why nothing is.")


class _Step(ConfirmPage):
    form_class = NoteForm

    def _alert(self) -> QualityAlert:
        return selectors.alert(self.request.actor, self.kwargs["quality_alert_id"])

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Data quality", org_url(self.request, "quality:list")),
            (self._alert().title, self.cancel_url()),
            (self.title, ""),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "quality:detail", **self.kwargs_of())

    def kwargs_of(self) -> dict[str, Any]:
        return {"quality_alert_id": self.kwargs["quality_alert_id"]}

    def get_initial(self) -> dict[str, Any]:
        return {"version": self._alert().version}

    def get_message(self) -> str:
        return f"{self._alert().title}. {self.message}"


@requires(P.SOURCE_MANAGE)
class Acknowledge(_Step):
    """Somebody has it."""

    title = "Take this on"
    submit_label = "Take it on"
    message = "Others see that you have it. It resolves by itself when it is no longer so."

    def save(self, form: Any) -> str:
        services.acknowledge(
            actor=self.request.actor,
            alert_id=self.kwargs["quality_alert_id"],
            version=form.cleaned_data["version"],
            note=form.cleaned_data["note"],
        )
        messages.success(self.request, "You have it.")
        return self.cancel_url()


@requires(P.SOURCE_MANAGE)
class Resolve(_Step):
    """It is settled, also if the data stays as it is."""

    form_class = ResolveForm
    title = "Resolve"
    submit_label = "Resolve alert"
    message = "The same cause is not raised again."

    def save(self, form: Any) -> str:
        services.resolve(
            actor=self.request.actor,
            alert_id=self.kwargs["quality_alert_id"],
            version=form.cleaned_data["version"],
            note=form.cleaned_data["note"],
        )
        messages.success(self.request, "The alert is resolved.")
        return org_url(self.request, "quality:list")
