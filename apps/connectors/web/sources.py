"""Sources: the list, one source, and the forms that make and change one."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common import fmt
from apps.common.web.forms import FormPage
from apps.common.web.lists import Action, ChoiceFilter, Column, Empty, ListPage, SearchFilter
from apps.connectors import selectors, services
from apps.connectors.enums import PULLED_KINDS, Health, SourceKind, SourceRole, SourceStatus
from apps.connectors.files.web import pages as files
from apps.connectors.models import Source
from apps.connectors.web import words
from apps.connectors.web.forms import CredentialForm, EditSourceForm, NewSourceForm
from apps.connectors.web.of_source import SourceForm
from apps.ledger.quality.selectors import live
from apps.ledger.selectors.coverage import received
from apps.tenancy.urls import org_url

RECENT_RUNS = 10
TROUBLE = (Health.LATE, Health.FAILING, Health.BLOCKED)


@requires(P.SOURCE_VIEW)
class SourceList(ListPage):
    """Every source with its state."""

    title = "Sources"
    crumbs = (("Sources", ""),)
    noun = ("source", "sources")
    columns = (
        Column(
            "name",
            "Source",
            sort="name_norm",
            link=lambda s, r: org_url(r, "connectors:detail", s.id),
            sub=words.kind_and_role,
        ),
        Column("kind", "Kind", sort="kind", in_table=False),
        Column("health", "State", value=words.health_chip, csv=words.health_label),
        Column(
            "cursor", "Complete until", csv_label="Complete until (UTC)",
            csv=lambda s: s.cursor.isoformat() if s.cursor else "",
        ),
        Column("last_success_at", "Last brought", csv_label="Last brought (UTC)",
               value=lambda s: words.freshness(words.last_brought(s)),
               csv=lambda s: at.isoformat() if (at := words.last_brought(s)) else ""),
        Column("rows_new", "Records", value=words.records, csv=words.records, align="num"),
        Column("open_alarms", "Alarms", align="num", value=words.alarm_count,
               csv=lambda s: s.open_alarms),
        Column("last_error", "Last error", value=lambda s: s.last_error[:120],
               csv=lambda s: s.last_error, full=True),
        Column("role", "Counts", sort="role", value=lambda s: s.get_role_display(), in_table=False),
        Column("created_at", "Added", sort="created_at", in_table=False,
               csv=lambda s: s.created_at.isoformat()),
    )  # fmt: skip
    filters = (
        SearchFilter("q", "Search", fields=("name_norm",)),
        ChoiceFilter("kind", "Kind", choices=SourceKind.choices),
        ChoiceFilter("role", "Counts", choices=SourceRole.choices),
        ChoiceFilter("status", "Status", choices=SourceStatus.choices),
    )
    default_sort = "name_norm"

    def get_queryset(self) -> QuerySet[Source]:
        return selectors.sources_with_counts(self.request.actor)

    def get_title(self) -> str:
        """The answer to "does usage come in as it should?"."""
        every = list(selectors.sources(self.request.actor))
        if not every:
            return "Sources"
        trouble = [s for s in every if selectors.health_of(s) in TROUBLE]
        if len(trouble) == 1:
            found = selectors.health_of(trouble[0]).label.lower()
            return f"{trouble[0].name} needs attention: {found}"
        if trouble:
            return f"{len(trouble)} of {fmt.plural(len(every), 'source')} need attention"
        return f"{fmt.plural(len(every), 'source')}, none late or failing"

    def get_lede(self) -> str:
        return "Where usage comes from, how complete it is, and what went wrong."

    def get_actions(self) -> list[Action]:
        actions = [Action("All runs", org_url(self.request, "connectors:runs_all"), "history")]
        actions.append(Action("Pushed usage", org_url(self.request, "push:overview"), "send"))
        if can(self.request.actor, P.USAGE_IMPORT):
            url = org_url(self.request, "imports:list")
            actions.append(Action("Import files", url, "table"))
        if can(self.request.actor, P.SOURCE_MANAGE):
            actions.append(Action("Read files", org_url(self.request, "files:new"), "file-text"))
            url = org_url(self.request, "connectors:new")
            actions.append(Action("Connect a source", url, "plus", primary=True))
        return actions

    def get_empty(self) -> Empty:
        body = (
            "A source brings usage from a provider. With an admin key, the portal reads the last "
            "months and then every new hour by itself."
        )
        if not can(self.request.actor, P.SOURCE_MANAGE):
            return Empty("No source yet", body, icon="database")
        url = org_url(self.request, "connectors:new")
        return Empty("No source yet", body, "Connect a source", url, "database")

    def row_class(self, obj: Source) -> str:
        return "mut" if obj.status == SourceStatus.PAUSED else ""


@requires(P.SOURCE_VIEW)
class SourceDetail(View):
    """One source: is it all right, what did it do, what may I do."""

    def get(self, request: HttpRequest, source_id: UUID) -> HttpResponse:
        source = selectors.source_by_id(request.actor, source_id)
        region = request.headers.get("HX-Target") == "source-state"
        template = "connectors/_state.html" if region else "connectors/detail.html"
        response = render(request, template, self.context(request, source))
        response["Vary"] = "HX-Request, HX-Target"
        return response

    def context(self, request: HttpRequest, source: Source) -> dict[str, Any]:
        zone = request.organization.timezone
        recent = list(
            selectors.runs(request.actor, source.id).order_by("-started_at")[:RECENT_RUNS]
        )
        totals = selectors.runs(request.actor, source.id).aggregate(
            new=Sum("rows_new"), changed=Sum("rows_changed"), restated=Sum("restated_nanos")
        )
        running = next((run for run in recent if run.status == "running"), None)
        health = selectors.health_of(source)
        alarm_count = selectors.open_alarms(source.id)
        return {
            "title": words.headline(source, zone),
            "crumbs": [("Sources", org_url(request, "connectors:list")), (source.name, "")],
            "source": source,
            "health": health,
            "health_label": words.health_label(source),
            "health_tone": words.HEALTH_TONES[health],
            "progress": selectors.progress_of(source),
            "runs": [(run, words.run_chip(run), words.window(run), words.seconds(run))
                     for run in recent],
            "running": running,
            "watching": running is not None or health in ("catching_up", "waiting"),
            "totals": totals,
            "names": selectors.directory(request.actor, source.id).count(),
            "alarms": list(selectors.alarms(request.actor, source.id, open_only=True)[:3]),
            "alarm_count": alarm_count,
            "alarm_words": fmt.plural(alarm_count, "field"),
            "schedule": words.schedule(source.schedule_minutes),
            "own_cost": selectors.own_cost(source) if source.is_compared else None,
            "role_changes": list(selectors.role_changes(request.actor, source.id)[:5]),
            "quality_alerts": list(live().filter(source_id=source.id).order_by("since")[:3]),
            "has_units": selectors.units(request.actor, source.id).exists(),
            "has_compared": selectors.compared(request.actor, source.id).exists(),
            "zone": zone,
            "may_manage": can(request.actor, P.SOURCE_MANAGE),
            "last_read": words.freshness(source.last_success_at),
            "received": None if source.is_pulled else received(source.id),
            **files.of_source(request, source),
        }  # fmt: skip


@requires(P.SOURCE_MANAGE)
class SourceNew(FormPage):
    """Connect a provider."""

    title = "Connect a source"
    lede = (
        "The portal reads usage by hour, project, key and model, and the provider’s own bill to "
        "compare with. It never sees prompts."
    )
    submit_label = "Connect source"
    form_class = NewSourceForm

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Sources", org_url(self.request, "connectors:list"))]

    def cancel_url(self) -> str:
        return org_url(self.request, "connectors:list")

    def get_initial(self) -> dict[str, Any]:
        kind = self.request.GET.get("kind", "")
        return {"kind": kind} if kind in PULLED_KINDS else {}

    def save(self, form: NewSourceForm) -> str:
        source = services.create_source(actor=self.request.actor, **form.cleaned_data)
        messages.success(self.request, f"{source.name} is connected and reads its history now.")
        return org_url(self.request, "connectors:detail", source.id)


class _SourceForm(SourceForm):
    """A form about one source, at the version that was read."""

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.source.version}


@requires(P.SOURCE_MANAGE)
class SourceEdit(_SourceForm):
    """Name, schedule, address."""

    submit_label = "Save changes"
    form_class = EditSourceForm

    def get_title(self) -> str:
        return f"Edit {self.source.name}"

    def form_kwargs(self) -> dict[str, Any]:
        return {"kind": self.source.kind, "initial": self.get_initial()}

    def get_initial(self) -> dict[str, Any]:
        fields = ("name", "schedule_minutes", "role", "account", "base_url", "version")
        return {name: getattr(self.source, name) for name in fields}

    def save(self, form: EditSourceForm) -> str:
        services.change_source(
            actor=self.request.actor, source_id=self.source.id, **form.cleaned_data
        )
        messages.success(self.request, "Saved.")
        return self.cancel_url()


@requires(P.SOURCE_MANAGE)
class SourceCredential(_SourceForm):
    """Another credential. The old one is overwritten."""

    submit_label = "Replace credential"
    form_class = CredentialForm

    def get_title(self) -> str:
        return f"Replace the credential of {self.source.name}"

    def get_lede(self) -> str:
        since = fmt.moment(self.source.credential_set_at, self.request.organization.timezone)
        return f"The key in use ends in {self.source.credential_hint} and was stored {since}."

    def save(self, form: CredentialForm) -> str:
        services.replace_credential(
            actor=self.request.actor, source_id=self.source.id, **form.cleaned_data
        )
        messages.success(self.request, "Credential replaced. It is tried now.")
        return self.cancel_url()
