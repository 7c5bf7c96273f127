"""The change log: the list, one change and what it did, recording, correcting, withdrawing."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString

from apps.access.permissions import P
from apps.access.services import can, can_anywhere, require, visible_unit_ids
from apps.access.web import requires
from apps.common import fmt
from apps.common.money import from_nanos
from apps.common.templatetags.ui import chip
from apps.common.web.forms import ConfirmPage, FormPage
from apps.common.web.lists import (
    Action,
    ChoiceFilter,
    Column,
    CustomFilter,
    DateRangeFilter,
    Empty,
    ListPage,
    SearchFilter,
)
from apps.ledger.changelog import rules, selectors, services
from apps.ledger.changelog.enums import ChangeKind, Origin
from apps.ledger.changelog.models import CapabilityChange
from apps.ledger.changelog.selectors import Effect
from apps.ledger.changelog.web import forms, words
from apps.ledger.selectors.state import ledger_settings
from apps.portfolio.selectors import capabilities
from apps.tenancy.urls import org_url
from apps.trail.selectors import events_of_object


def _capabilities(request: HttpRequest) -> list[tuple[str, str]]:
    rows = capabilities(request.actor).order_by("name_norm").values_list("id", "name")
    return [(str(pk), name) for pk, name in rows]


def _state(row: CapabilityChange) -> SafeString | str:
    return chip("Withdrawn", "warn") if row.is_withdrawn else Origin(row.origin).label


@requires(P.CAPABILITY_VIEW)
class ChangeList(ListPage):
    """Every change in sight, the latest first, with what it did to the runs."""

    title = "Changes"
    noun = ("change", "changes")
    filename = "changes"
    default_sort = "-day,-occurred_at,-id"
    filters = (
        SearchFilter("q", "Search", fields=("title", "detail", "reference"), placeholder="Name…"),
        ChoiceFilter("capability", "Capability", field="capability_id", choices=_capabilities),
        ChoiceFilter("kind", "Kind", choices=ChangeKind.choices()),
        ChoiceFilter("origin", "Said by", choices=Origin.choices()),
        DateRangeFilter("day", "Days"),
        CustomFilter(
            "show",
            "Show",
            choices=(("withdrawn", "Withdrawn"), ("all", "All")),
            any_label="In force",
            narrow=lambda rows, value: rows,
        ),
    )

    def get_queryset(self) -> QuerySet[CapabilityChange]:
        found = selectors.changes(self.request.actor)
        show = self.request.GET.get("show", "")
        return found if show == "all" else found.filter(withdrawn_at__isnull=show != "withdrawn")

    def get_lede(self) -> str:
        return (
            "Releases, prompt versions, model switches and configuration, beside the figures they "
            f"moved: {selectors.EFFECT_DAYS} days before against {selectors.EFFECT_DAYS} from the "
            "day on. They are marked on the charts."
        )

    def get_actions(self) -> Sequence[Action]:
        if not can_anywhere(self.request.actor, P.CHANGE_RECORD):
            return ()
        url = org_url(self.request, "changelog:new")
        return (Action("Record a change", url, "plus", primary=True),)

    def get_empty(self) -> Empty:
        body = (
            "Record what your team changes, or let the pipeline do it: POST /api/v1/changes/ with "
            "the capability, the kind and a reference of your own. When the mix of models "
            "switches, the ledger records it by itself."
        )
        actions = self.get_actions()
        if actions:
            return Empty("No change yet", body, actions[0].label, actions[0].url, "git-compare")
        return Empty("No change yet", body, icon="git-compare")

    @cached_property
    def units(self) -> frozenset[UUID] | None:
        return visible_unit_ids(self.request.actor, P.USAGE_VIEW)

    def _rows(self, request: HttpRequest) -> Any:
        self.known = self._effects(self.page.rows)
        return super()._rows(request)

    def _export(self, rows: Any) -> Any:
        self.known = self._effects(rows)
        return super()._export(rows)

    def _effects(self, rows: Any) -> dict[UUID, Effect]:
        seen = [row for row in rows if self.units is None or row.capability.unit_id in self.units]
        return selectors.effects(seen)

    def get_columns(self) -> Sequence[Column]:
        currency, zone = ledger_settings().currency, ledger_settings().timezone

        def pair(name: str) -> Any:
            def read(row: CapabilityChange) -> tuple[Any, Any]:
                effect = self.known.get(row.id)
                return getattr(effect, name) if effect else (None, None)

            return read

        tokens, cost, bloat = pair("tokens"), pair("cost"), pair("bloat")

        def one(read: Any, at: int, exact: Any) -> Any:
            def value(row: CapabilityChange) -> Any:
                found = read(row)[at]
                return None if found is None else exact(found)

            return value

        def sides(name: str, label: str, read: Any, exact: Any) -> list[Column]:
            return [
                Column(
                    f"{name}_{side}",
                    f"{label} {side}",
                    value=one(read, at, exact),
                    in_table=False,
                )
                for at, side in enumerate(("before", "after"))
            ]

        return [
            Column(
                "title",
                "Change",
                value=lambda row: row.title,
                link=lambda row, request: org_url(request, "changelog:detail", change_id=row.id),
                sub=lambda row: ChangeKind(row.kind).label,
            ),
            Column("kind", "Kind", value=lambda row: row.kind, in_table=False),
            Column(
                "capability",
                "Capability",
                value=lambda row: row.capability.name,
                sort="capability__name_norm",
            ),
            Column(
                "day",
                "When",
                sort="day",
                value=lambda row: fmt.moment(row.occurred_at, zone),
                csv=lambda row: row.occurred_at.isoformat(),
            ),
            Column(
                "tokens",
                "Tokens per run",
                value=lambda row: words.moved(*tokens(row)),
                sub=lambda row: _sides(tokens(row), fmt.tokens),
                align="num",
                in_csv=False,
            ),
            Column(
                "cost",
                "Cost per run",
                value=lambda row: words.moved(*cost(row)),
                sub=lambda row: _sides(cost(row), lambda n: fmt.money(n, currency, "unit")),
                align="num",
                in_csv=False,
            ),
            Column(
                "bloat",
                "Bloat ratio",
                value=lambda row: words.points(*bloat(row)),
                sub=lambda row: _sides(bloat(row), fmt.pct),
                align="num",
                in_csv=False,
            ),
            *sides("tokens", "Tokens per run", tokens, int),
            *sides("cost", f"Cost per run ({currency})", cost, from_nanos),
            *sides("bloat", "Bloat ratio", bloat, lambda ratio: round(ratio, 6)),
            Column(
                "origin",
                "Said by",
                value=_state,
                csv=lambda row: row.origin,
                sub=lambda row: "" if row.origin == Origin.LEDGER else row.created_by_name,
                phone=False,
            ),
            Column("reference", "Reference", in_table=False),
            Column("link", "Link", in_table=False),
            Column("detail", "Detail", in_table=False),
            Column(
                "withdrawn", "Withdrawn", value=lambda row: row.withdrawn_reason, in_table=False
            ),
        ]

    def row_class(self, obj: CapabilityChange) -> str:
        return "mut" if obj.is_withdrawn else ""


def _sides(pair: tuple[Any, Any], write: Any) -> str:
    """“12 K → 17 K”; empty where a side is not known."""
    return "" if None in pair else f"{write(pair[0])} → {write(pair[1])}"


@requires(P.CAPABILITY_VIEW)
def detail(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """One change: what it was and what it did."""
    row = selectors.change_by_id(request.actor, change_id)
    sees = can(request.actor, P.USAGE_VIEW, unit_id=row.capability.unit_id)
    effect = selectors.effects([row])[row.id] if sees else None
    settings = ledger_settings()
    record = (
        can(request.actor, P.CHANGE_RECORD, unit_id=row.capability.unit_id) and not row.is_withdrawn
    )
    said = rules.change_words(row.kind, row.title)
    context = {
        "title": f"{row.capability.name}: {said}",
        "lede": words.headline(effect) + "." if sees else "",
        "crumbs": [("Changes", org_url(request, "changelog:list")), (row.title, "")],
        "row": row,
        "kind": ChangeKind(row.kind).label,
        "origin": Origin(row.origin).label,
        "lines": words.lines(effect, settings.currency) if effect and effect.told else [],
        "effect": effect,
        "days": selectors.EFFECT_DAYS,
        "may_correct": record and row.origin != Origin.LEDGER,
        "may_withdraw": record,
        "zone": settings.timezone,
        "history": events_of_object("capability_change", row.id)[:20],
        "sees": sees,
    }
    return render(request, "changelog/detail.html", context)


@requires(P.CHANGE_RECORD)
class New(FormPage):
    """`?capability=` fills the form."""

    form_class = forms.NewForm
    title = "Record a change"
    lede = "It is marked on the charts of the capability, of its runs and of Explore."
    submit_label = "Record the change"

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Changes", self.cancel_url()), ("Record", "")]

    def cancel_url(self) -> str:
        return org_url(self.request, "changelog:list")

    def form_kwargs(self) -> dict[str, Any]:
        return {"request": self.request}

    def get_initial(self) -> dict[str, Any]:
        return {
            "capability": self.request.GET.get("capability", ""),
            "kind": ChangeKind.RELEASE.value,
        }

    def save(self, form: Any) -> str:
        row, _ = services.record_change(actor=self.request.actor, **form.values())
        messages.success(self.request, "The change is recorded.")
        return org_url(self.request, "changelog:detail", change_id=row.id)


class _One(FormPage):
    """What the pages that change one entry share."""

    @cached_property
    def change(self) -> CapabilityChange:
        row = selectors.change_by_id(self.request.actor, self.kwargs["change_id"])
        require(self.request.actor, P.CHANGE_RECORD, unit_id=row.capability.unit_id)
        return row

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [
            ("Changes", org_url(self.request, "changelog:list")),
            (self.change.title, self.cancel_url()),
            (self.title, ""),
        ]

    def cancel_url(self) -> str:
        return org_url(self.request, "changelog:detail", change_id=self.change.id)


@requires(P.CHANGE_RECORD)
class Correct(_One):
    form_class = forms.CorrectForm
    title = "Correct"
    submit_label = "Save the change"

    def get_initial(self) -> dict[str, Any]:
        row = self.change
        return {
            **{name: getattr(row, name) for name in ("kind", "title", "link", "detail", "version")},
            "at": forms.local(row.occurred_at),
        }

    def save(self, form: Any) -> str:
        values = form.values()
        if values["occurred_at"] is None:
            del values["occurred_at"]
        services.correct_change(
            actor=self.request.actor,
            change_id=self.change.id,
            version=form.cleaned_data["version"],
            **values,
        )
        messages.success(self.request, "Saved.")
        return self.cancel_url()


@requires(P.CHANGE_RECORD)
class Withdraw(_One, ConfirmPage):
    form_class = forms.WithdrawForm
    template_name = "confirm.html"
    title = "Withdraw"
    submit_label = "Withdraw the change"
    danger = True

    def get_initial(self) -> dict[str, Any]:
        return {"version": self.change.version}

    def extra_context(self, form: Any) -> dict[str, Any]:
        return {
            "message": f"“{self.change.title}” leaves the charts. Figures do not change.",
            "danger": True,
        }

    def save(self, form: Any) -> str:
        services.withdraw_change(
            actor=self.request.actor,
            change_id=self.change.id,
            version=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
        )
        messages.success(self.request, "The change is withdrawn.")
        return self.cancel_url()
