"""The reconciliation page: three views of the same usage, and where they differ."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from django import forms
from django.contrib import messages
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common import clock, fmt
from apps.common.errors import FieldError, Invalid
from apps.common.money import from_nanos, to_nanos
from apps.common.templatetags.ui import chip
from apps.common.web.filters import Control, Filter, parse_day
from apps.common.web.forms import FormPage
from apps.common.web.lists import Column, CustomFilter, Empty, ListPage
from apps.connectors.reconciliation import rules, selectors
from apps.connectors.reconciliation.explaining import EXPLAINED, LABELS
from apps.connectors.reconciliation.measured import is_utc
from apps.connectors.reconciliation.selectors import Line, Reconciliation
from apps.connectors.reconciliation.services import set_limits
from apps.tenancy.urls import org_url

DAYS, MONTHS = 30, 92
"""Days of the question where nobody chose any; by month."""
TONES = {"agrees": "ok", "near": "warn", "gap": "bad", "alone": ""}


class _Days(Filter):
    """Days of the question; they always have a value."""

    def read(self, request: Any) -> Any:
        today = clock.today()
        last = parse_day(request.GET.get("days_to", "")) or today
        last = min(last, today)
        days = MONTHS if request.GET.get("by") == "month" else DAYS
        first = parse_day(request.GET.get("days_from", "")) or last - timedelta(days=days - 1)
        first = min(first, last)
        most = selectors.longest(request.GET.get("by", ""))
        return max(first, last - timedelta(days=most - 1)), last

    def apply(self, qs: Any, value: Any) -> Any:
        return qs

    def control(self, request: Any, value: Any) -> Control:
        shown = [day.isoformat() for day in value]
        return Control("dates", self.name, self.label, shown, keep=True)


class _Kept(CustomFilter):
    """A choice that the selector has already applied."""

    def apply(self, qs: Any, value: Any) -> Any:
        return qs


def _providers(request: Any) -> list[str]:
    first, last = _Days("days", "Days").read(request)
    return selectors.providers(first, last + timedelta(days=1))


@requires(P.SOURCE_VIEW)
class ReconciliationPage(ListPage):
    """Measured against billed and compared, by day, month, provider, account, model or key."""

    title = "Reconciliation"
    noun = ("line", "lines")
    template_name = "connectors/reconciliation.html"
    moved_template = "connectors/_reconciliation_moved.html"
    filename = "reconciliation"
    default_sort = "-order"
    empty = Empty(
        "Nothing to compare in these days",
        "Connect a source that reports what the provider bills, import a bill as a file, or "
        "connect a gateway as a comparison.",
        icon="scale",
    )
    filters = (
        _Days("days", "Days"),
        _Kept("by", "By", choices=list(selectors.GROUPS.items()), any_label="Day"),
        _Kept(
            "provider",
            "Provider",
            choices=lambda request: [(name, name) for name in _providers(request)],
        ),
        CustomFilter(
            "state",
            "Result",
            choices=list(rules.STATES.items()),
            narrow=lambda rows, value: [row for row in rows if row.state == value],  # type: ignore[arg-type,return-value]
        ),
    )

    @property
    def by(self) -> str:
        wanted = self.request.GET.get("by", "")
        return wanted if wanted in selectors.GROUPS else "day"

    @cached_property
    def found(self) -> Reconciliation:
        days, _, providers, _ = self.filters
        first, last = days.read(self.request)
        return selectors.reconcile(
            self.request.actor,
            first,
            last + timedelta(days=1),
            by=self.by,
            provider=providers.read(self.request),
        )

    def get_queryset(self) -> list[Line]:
        lines = self.found.lines
        return sorted(lines, key=lambda line: line.key, reverse=True) if self.by == "day" else lines

    def _order(self, request: Any) -> tuple[str, list[str]]:
        sort, order = super()._order(request)
        return (sort, []) if self.by == "day" and "sort" not in request.GET else (sort, order)

    def get_title(self) -> str:
        """The answer: whether a line needs somebody."""
        if not self.found.lines:
            return "Nothing to compare in these days"
        if self.found.total.billed_nanos is None:
            return self._no_bill().rstrip(".")
        gaps = self.found.count("gap")
        if not gaps:
            return "No line needs an answer"
        return f"{fmt.plural(gaps, 'line')} {'needs' if gaps == 1 else 'need'} an answer"

    def get_lede(self) -> str:
        found, total = self.found, self.found.total
        if total.billed_nanos is None:
            return f"{self._no_bill()} {self._seen()}"
        gap = total.bill_gap or 0
        money = fmt.signed_money(gap, found.currency)
        part = rules.share(gap, total.billed_nanos)
        said = f" ({fmt.pct(abs(part), 1)})" if part is not None else ""
        rest = total.open_gap or 0
        explained = gap - rest
        of_it = ""
        if explained:
            what = fmt.signed_money(explained, found.currency)
            of_it = f", {what} of it explained by the bill itself"
        return f"Billed minus measured is {money}{said}{of_it}. {self._verdict()}"

    def _no_bill(self) -> str:
        if self.by == "api_key":
            return "Bills name no keys."
        return "No bill covers these days."

    def _seen(self) -> str:
        """How much of the measured tokens a comparison saw, over the groups that it speaks of."""
        total = self.found.total
        gap, part = total.token_gap, total.seen
        if gap is None or part is None:
            return "The ledger's figures stand alone."
        if gap < 0:
            more = fmt.tokens(-gap)
            return f"Comparisons saw {more} tokens more than the channels of record."
        return f"Comparisons saw {fmt.pct(part)} of the tokens; {fmt.tokens(gap)} passed them by."

    def _verdict(self) -> str:
        """How the lines stand: what needs an answer, then what is only near."""
        gaps, near = self.found.count("gap"), self.found.count("near")
        wide = _percent(self.found.limits.wide_bp)
        close = f"{fmt.plural(near, 'line')} {'differs' if near == 1 else 'differ'} by up to {wide}"
        if gaps:
            needs = "needs" if gaps == 1 else "need"
            also = f", {close}" if near else ""
            return f"{fmt.plural(gaps, 'line')} {needs} an answer{also}."
        if near:
            return f"No line needs an answer; {close}."
        return "All lines that can be compared agree."

    def extra_context(self) -> dict[str, Any]:
        found = self.found
        return {
            "found": found,
            "total": found.total,
            "currency": found.currency,
            "close": _percent(found.limits.close_bp),
            "wide": _percent(found.limits.wide_bp),
            "own_days": is_utc(found.timezone),
            "by_day": self.by == "day",
            "limits_url": org_url(self.request, "connectors:limits")
            if can(self.request.actor, P.SOURCE_MANAGE)
            else "",
            "zone": found.timezone,
            "channels": found.channels,
            "parts": [
                (LABELS[name], fmt.signed_money(nanos, found.currency, "cents"), name in EXPLAINED)
                for name, nanos in found.total.parts
            ],
            "left_out": [c.source.name for c in found.channels if c.left_out],
            "seen_share": found.total.seen,
            "sources_url": org_url(self.request, "connectors:list"),
        }

    def _sub(self, line: Line) -> str:
        """The provider and, where figures differ, what usually explains it."""
        name = line.provider if self.by != "provider" else ""
        why = line.reasons[0] if line.reasons and line.state in ("near", "gap") else ""
        return ". ".join(text for text in (name, why) if text)

    def get_columns(self) -> Sequence[Column]:
        currency = self.found.currency

        def money(name: str, label: str, signed: bool = False) -> Column:
            show, style = (fmt.signed_money, "cents") if signed else (fmt.money, "unit")
            return Column(
                name,
                label,
                value=lambda line: show(getattr(line.side, name), currency, style),
                in_table=self.by != "api_key" or name == "measured_nanos",
                csv=lambda line: _units(getattr(line.side, name)),
                csv_label=f"{label} ({currency})",
                align="num",
            )

        def tokens(name: str, label: str) -> Column:
            return Column(
                name,
                label,
                value=lambda line: fmt.tokens(getattr(line.side, name)),
                csv=lambda line: getattr(line.side, name),
                csv_label=f"{label} (tokens)" if label != "Tokens" else "Measured (tokens)",
                align="num",
                phone=False,
            )

        return [
            Column(
                "key",
                selectors.GROUPS[self.by],
                value=lambda line: line.label,
                sub=self._sub,
                csv=lambda line: line.key,
                sort="key",
            ),
            Column("label", "Name", in_table=False, in_csv=self.by == "api_key"),
            Column("provider", "Provider", in_table=False, in_csv=self.by != "provider"),
            Column("state", "Result", value=_state, csv=lambda line: line.state, sort="state"),
            money("measured_nanos", "Measured"),
            money("billed_nanos", "Billed"),
            money("bill_gap", "Billed − measured", signed=True),
            money("open_gap", "Unexplained", signed=True),
            tokens("measured_tokens", "Tokens"),
            Column(
                "billed_tokens",
                "Billed (tokens)",
                value=lambda line: fmt.tokens(line.side.billed_tokens),
                csv=lambda line: line.side.billed_tokens,
                in_table=False,
            ),
            tokens("compared_tokens", "Compared"),
            tokens("token_gap", "Not compared"),
            Column(
                "compared_nanos",
                "Compared cost",
                csv=lambda line: _units(line.side.compared_nanos),
                csv_label=f"Compared cost ({currency})",
                in_table=False,
            ),
            Column("order", "Size", sort="order", in_table=False, in_csv=False),
            Column(
                "parts",
                "Parts of the difference",
                value=lambda line: _parts(line, currency),
                in_table=False,
            ),
            Column(
                "reasons",
                "What explains it",
                value=lambda line: " ".join(line.reasons),
                in_table=False,
            ),
        ]


def _parts(line: Line, currency: str) -> str:
    """Tax +12.00 USD; Credits and refunds -1.00 USD."""
    return "; ".join(
        f"{LABELS[name]} {from_nanos(nanos):+f} {currency}" for name, nanos in line.side.parts
    )


def _units(nanos: int | None) -> Any:
    return None if nanos is None else from_nanos(nanos)


def _percent(basis_points: int) -> str:
    """1%, 0.25%."""
    return f"{Decimal(basis_points) / 100:f}%"


def _state(line: Line) -> SafeString:
    return format_html("{}", chip(rules.STATES[line.state], TONES[line.state]))


class LimitsForm(forms.Form):
    """Limits in percent and whole units."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    close = forms.DecimalField(
        label="Agrees within, %",
        max_digits=5,
        decimal_places=2,
        help_text="Of the larger figure. Usual: 1.",
    )
    wide = forms.DecimalField(
        label="Needs an answer beyond, %", max_digits=5, decimal_places=2, help_text="Usual: 5."
    )
    money = forms.DecimalField(
        label="Always agrees below, money",
        max_digits=15,
        decimal_places=9,
        help_text="In the currency of the books, whatever the share. Usual: 1.",
    )
    tokens = forms.IntegerField(label="Always agrees below, tokens", help_text="Usual: 10,000.")


FIELDS = {
    "close_bp": "close",
    "wide_bp": "wide",
    "small_nanos": "money",
    "small_tokens": "tokens",
}


@requires(P.SOURCE_MANAGE)
class LimitsPage(FormPage):
    """From which difference on a line needs an answer."""

    title = "Limits of reconciliation"
    lede = "They decide which lines agree, are near, or need an answer. They change no figure."
    form_class = LimitsForm

    def get_crumbs(self) -> list[tuple[str, str]]:
        return [("Reconciliation", self.cancel_url()), ("Limits", "")]

    def cancel_url(self) -> str:
        return org_url(self.request, "connectors:reconciliation")

    def get_initial(self) -> dict[str, Any]:
        known = selectors.limits_in_force()
        return {
            "version": selectors.limits_version(),
            "close": Decimal(known.close_bp) / 100,
            "wide": Decimal(known.wide_bp) / 100,
            "money": from_nanos(known.small_nanos).normalize(),
            "tokens": known.small_tokens,
        }

    def save(self, form: LimitsForm) -> str:
        data = form.cleaned_data
        try:
            set_limits(
                actor=self.request.actor,
                version=data["version"],
                limits=rules.Limits(
                    close_bp=int(data["close"] * 100),
                    wide_bp=int(data["wide"] * 100),
                    small_nanos=to_nanos(data["money"]),
                    small_tokens=data["tokens"],
                ),
            )
        except Invalid as error:
            raise Invalid(
                error.message,
                errors=[FieldError(FIELDS[e.field], e.message, e.fix) for e in error.errors],
            ) from error
        messages.success(self.request, "The limits are changed.")
        return self.cancel_url()
