"""Below a source: what it counted besides the ledger's tokens, and where its answers changed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common import fmt
from apps.common.errors import NotFound
from apps.common.tokens import INPUT_KINDS, OUTPUT_KINDS
from apps.common.web.forms import ConfirmPage
from apps.common.web.lists import (
    ChoiceFilter,
    Column,
    CustomFilter,
    DateRangeFilter,
    Empty,
    ListPage,
)
from apps.connectors import selectors, services
from apps.connectors.enums import SchemaChange
from apps.connectors.models import ComparisonUsage, SchemaAlarm, Source, UnitUsage
from apps.connectors.web import words
from apps.connectors.web.forms import AcknowledgeForm
from apps.connectors.web.runs import OfSource, money_text
from apps.ledger.query.persons import Sight
from apps.tenancy.urls import org_url


def _kinds(request: HttpRequest) -> list[tuple[str, str]]:
    match = request.resolver_match
    found = selectors.unit_kinds(match.kwargs["source_id"]) if match else []
    return [(what, words.UNIT_LABELS.get(what, what)) for what in found]


@requires(P.SOURCE_VIEW)
class SourceUnits(OfSource, ListPage):
    """Images, seconds, calls and the like: counted, not priced."""

    noun = ("line", "lines")
    filename = "other-usage"
    lede = (
        "Images, seconds, characters, sessions, calls and bytes, as the provider counts them. They "
        "have no price in the price book: what they cost is in the provider’s bill."
    )
    columns = (
        Column("day", "Day (UTC)", sort="day", csv=lambda u: u.day.isoformat()),
        Column("what", "Usage", sort="what", value=words.unit_label, csv=lambda u: u.what),
        Column("detail", "Detail", in_table=False),
        Column("project", "Project", value=lambda u: u.project_name, sort="project_name"),
        Column("project_id", "Project id", in_table=False),
        Column("api_key", "API key", value=lambda u: u.key_name, phone=False),
        Column("api_key_id", "API key id", in_table=False),
        Column("model", "Model", sort="model"),
        Column("quantity", "Quantity", sort="quantity", align="num", value=words.unit_quantity,
               csv=lambda u: u.quantity),
        Column("unit", "Unit", in_table=False),
        Column("requests", "Requests", align="num"),
        Column("revisions", "Revised", sort="revisions", align="num", phone=False),
    )  # fmt: skip
    filters = (
        DateRangeFilter("day", "Day"),
        ChoiceFilter("what", "Usage", choices=_kinds),
    )
    default_sort = "-day,what"
    empty = Empty("Nothing besides tokens", "Images, audio, searches and storage appear here.")

    def get_title(self) -> str:
        kinds = len(selectors.unit_kinds(self.source.id))
        if not kinds:
            return f"{self.source.name} counts nothing besides tokens"
        return f"{self.source.name} counts {fmt.plural(kinds, 'kind')} of usage besides tokens"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return self.trail(self.request, "Other usage")

    def get_columns(self) -> Sequence[Column]:
        sight = Sight(self.request.actor)

        def detail(row: UnitUsage) -> str:
            return selectors.unit_detail(sight, row)

        def of(column: Column) -> Column:
            if column.name == "what":
                return replace(column, sub=detail)
            return replace(column, value=detail) if column.name == "detail" else column

        return [of(column) for column in self.columns]

    def get_queryset(self) -> QuerySet[UnitUsage]:
        return selectors.units(self.request.actor, self.source.id)


def _total(kinds: tuple[str, ...]) -> Any:
    return lambda row: sum(getattr(row, kind) for kind in kinds)


def _models(request: HttpRequest) -> list[tuple[str, str]]:
    match = request.resolver_match
    found = selectors.compared_models(match.kwargs["source_id"]) if match else []
    return [(name, name) for name in found]


@requires(P.SOURCE_VIEW)
class SourceCompared(OfSource, ListPage):
    """What a source counted for comparison only: in no total."""

    noun = ("line", "lines")
    filename = "comparison-usage"
    lede = (
        "What this source counted, kept beside the ledger to compare with it. None of it is in any "
        "total: the provider reports the same calls."
    )
    columns = (
        Column("day", "Day (UTC)", sort="day", csv=lambda c: c.day.isoformat()),
        Column("model", "Model", sort="model", sub=lambda c: c.provider),
        Column("provider", "Provider", in_table=False),
        Column("api_key", "Key or person"),
        Column("api_key_id", "API key id", in_table=False),
        Column("project", "Project", value=lambda c: c.project or c.project_id, phone=False),
        Column("project_id", "Project id", in_table=False),
        Column("service_tier", "Tier", in_table=False),
        Column("input", "Input", align="num", value=lambda c: fmt.tokens(_total(INPUT_KINDS)(c)),
               csv=_total(INPUT_KINDS)),
        Column("output", "Output", align="num", value=lambda c: fmt.tokens(_total(OUTPUT_KINDS)(c)),
               csv=_total(OUTPUT_KINDS)),
        Column("requests", "Requests", align="num"),
        Column("cost", "Its own cost", align="num",
               value=lambda c: None if c.cost_nanos is None
               else fmt.money(c.cost_nanos, c.currency, style="cents"),
               csv=lambda c: "" if c.cost_nanos is None else money_text(c.cost_nanos)),
        Column("currency", "Currency", in_table=False),
        Column("revisions", "Revised", sort="revisions", align="num", phone=False),
    )  # fmt: skip
    filters = (
        DateRangeFilter("day", "Day"),
        ChoiceFilter("model", "Model", choices=_models),
    )
    default_sort = "-day,model"

    def get_title(self) -> str:
        total = selectors.compared_total(self.source.id)
        if not total.days:
            return f"Comparison usage of {self.source.name}"
        cost = "" if total.cost_nanos is None else f" for {fmt.money(total.cost_nanos)}"
        days = fmt.plural(total.days, "day")
        return f"{self.source.name} saw {fmt.tokens(total.tokens)} tokens{cost} on {days}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return self.trail(self.request, "Comparison usage")

    def get_columns(self) -> Sequence[Column]:
        sight = Sight(self.request.actor)

        def who(row: ComparisonUsage) -> str:
            return sight.name(row.user, None) or row.api_key or row.api_key_id

        return [replace(c, value=who) if c.name == "api_key" else c for c in self.columns]

    def get_queryset(self) -> QuerySet[ComparisonUsage]:
        return selectors.compared(self.request.actor, self.source.id)

    def get_empty(self) -> Empty:
        if self.source.is_compared:
            return Empty("Nothing to compare yet", "The first run reads it.")
        return Empty("Nothing is compared", "This source is a channel of record: its usage counts.")


def _acknowledged(rows: QuerySet[SchemaAlarm], value: str) -> QuerySet[SchemaAlarm]:
    return rows.filter(acknowledged_at__isnull=value == "open")


@requires(P.SOURCE_VIEW)
class SourceAlarms(OfSource, ListPage):
    """Where a provider's answers differ from what was documented."""

    noun = ("alarm", "alarms")
    filename = "schema-alarms"
    lede = (
        "A field that nobody documented, or one that is gone. A pull goes on as long as tokens and "
        "money stay right; acknowledge an alarm when it has been looked at."
    )
    columns = (
        Column("field", "Field", sort="field", sub=lambda a: a.endpoint,
               link=lambda a, r: org_url(r, "connectors:alarm", a.source_id, a.id)
               if a.acknowledged_at is None and can(r.actor, P.SOURCE_MANAGE) else ""),
        Column("endpoint", "Endpoint", in_table=False),
        Column("change", "Change", sort="change", value=words.alarm_chip,
               csv=lambda a: a.get_change_display()),
        Column("touches_figures", "Tokens or money", value=lambda a: "Yes" if a.touches_figures
               else "No"),
        Column("first_seen", "First seen", sort="first_seen",
               csv=lambda a: a.first_seen.isoformat()),
        Column("last_seen", "Last seen", sort="last_seen", csv=lambda a: a.last_seen.isoformat(),
               phone=False),
        Column("acknowledged_at", "Acknowledged", value=words.acknowledged,
               csv=lambda a: a.acknowledged_at.isoformat() if a.acknowledged_at else ""),
        Column("acknowledged_by", "Acknowledged by", in_table=False),
        Column("note", "Note", in_table=False),
    )  # fmt: skip
    filters = (
        CustomFilter(
            "state", "State", narrow=_acknowledged,
            choices=(("open", "Open"), ("seen", "Acknowledged")),
        ),
        ChoiceFilter("change", "Change", choices=SchemaChange.choices),
    )  # fmt: skip
    default_sort = "-first_seen"
    empty = Empty("Every answer is as documented", "A new or missing field would appear here.")

    def get_title(self) -> str:
        count = selectors.open_alarms(self.source.id)
        if not count:
            return f"Nothing about {self.source.name}’s answers needs a look"
        verb = "needs" if count == 1 else "need"
        return f"{fmt.plural(count, 'changed field')} of {self.source.name} {verb} a look"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return self.trail(self.request, "Schema alarms")

    def get_queryset(self) -> QuerySet[SchemaAlarm]:
        return selectors.alarms(self.request.actor, self.source.id)

    def row_class(self, obj: SchemaAlarm) -> str:
        return "mut" if obj.acknowledged_at else ""


@requires(P.SOURCE_MANAGE)
class AcknowledgeAlarm(ConfirmPage):
    """Say that an alarm was looked at."""

    submit_label = "Acknowledge"
    form_class = AcknowledgeForm
    source: Source
    alarm: SchemaAlarm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.source = selectors.source_by_id(request.actor, kwargs["source_id"])
        self.alarm = alarm_of(request, self.source, kwargs["alarm_id"])
        return super().dispatch(request, *args, **kwargs)

    def get_title(self) -> str:
        return f"Acknowledge the alarm about {self.alarm.field}"

    def get_message(self) -> str:
        change = (
            "holds a field that nobody documented"
            if self.alarm.change == SchemaChange.UNKNOWN
            else "lacks a field that was documented"
        )
        figures = " Its name speaks of tokens or money." if self.alarm.touches_figures else ""
        return f"The answer of {self.alarm.endpoint} {change}: {self.alarm.field}.{figures}"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Sources", org_url(self.request, "connectors:list")),
            (self.source.name, org_url(self.request, "connectors:detail", self.source.id)),
            ("Schema alarms", self.cancel_url()),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "connectors:alarms", self.source.id)

    def save(self, form: AcknowledgeForm) -> str | HttpResponse:
        services.acknowledge_alarm(
            actor=self.request.actor,
            source_id=self.source.id,
            alarm_id=self.alarm.id,
            **form.cleaned_data,
        )
        messages.success(self.request, "Acknowledged.")
        return self.cancel_url()


def alarm_of(request: HttpRequest, source: Source, alarm_id: UUID) -> SchemaAlarm:
    """One alarm of a source. Raises NotFound."""
    found = selectors.alarms(request.actor, source.id).filter(id=alarm_id).first()
    if found is None:
        raise NotFound("There is no such alarm.", code="alarm_not_found")
    return found
