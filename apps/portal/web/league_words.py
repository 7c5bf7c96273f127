"""How the league table reads: its sentence, its figures, its columns for pages and for files."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString

from apps.common import fmt
from apps.common.money import from_nanos
from apps.common.templatetags.ui import chip, chip_delta
from apps.common.web.lists import Column
from apps.outcomes.enums import Basis
from apps.outcomes.web.words import BASIS_TONES, number
from apps.portal.rules.league import WORKFLOW, Line, shown_change
from apps.portal.selectors.league import League
from apps.portfolio.enums import CapabilityKind, Stage
from apps.tenancy.urls import org_url

STAGES, KINDS = dict(Stage.choices), dict(CapabilityKind.choices)


def noun(found: League) -> tuple[str, str]:
    return ("workflow", "workflows") if found.by == WORKFLOW else ("capability", "capabilities")


def headline(found: League) -> str:
    """What all lines cost, and against what."""
    if not found.lines:
        return "No use in these days"
    currency = found.settings.currency
    things = fmt.plural(len(found.lines), *noun(found))
    verb = "costs" if len(found.lines) == 1 else "cost"
    text = f"{things} {verb} {fmt.money(found.now.cost_nanos, currency)}"
    ratio = shown_change(found.now.cost_nanos, found.before.cost_nanos, fmt.MIN_BASE_NANOS)
    if ratio is None:
        return text
    if abs(ratio) < Decimal("0.0005"):
        return f"{text}, as in {found.window.before_text}"
    word = "more" if ratio > 0 else "less"
    return f"{text}, {fmt.delta(abs(ratio)).lstrip('+')} {word} than in {found.window.before_text}"


def lede(found: League) -> str:
    return (
        f"Whole days {found.window.compared_text}, against {found.window.before_text}. "
        "Outcomes are those that the approved Token Story counts."
    )


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure over the table."""

    label: str
    value: str
    note: str


def facts(found: League) -> list[Fact]:
    """Cost, tokens, runs, and how much of it can be held against outcomes."""
    now, before, currency = found.now, found.before, found.settings.currency
    told = fmt.pct(found.told_share) if found.told_share is not None else fmt.DASH

    def against(value: int | None, base: int | None, minimum: int = 0) -> str:
        if value is None or base is None:
            return ""
        ratio = shown_change(value, base, minimum)
        return f"{fmt.delta(ratio)} on the days before" if ratio is not None else "new"

    return [
        Fact(
            "Cost",
            fmt.money(now.cost_nanos, currency),
            against(now.cost_nanos, before.cost_nanos, fmt.MIN_BASE_NANOS),
        ),
        Fact(
            "Tokens",
            fmt.tokens(now.tokens),
            against(now.tokens, before.tokens, fmt.MIN_BASE_TOKENS),
        ),
        Fact("Runs", fmt.count(now.runs), against(now.runs, before.runs)),
        Fact(
            "Cost per outcome known",
            f"{len(found.told)} of {len(found.lines)}",
            f"{told} of the cost",
        ),
    ]


def moved(
    now: int | None, before: int | None, minimum: int = 0, good: str = "none"
) -> SafeString | str:
    """The change of one figure; nothing where there is nothing to compare."""
    if now is None or before is None or (not now and not before):
        return ""
    return chip_delta(shown_change(now, before, minimum), good, 0)


def _cost_moved(line: Line) -> SafeString | str:
    shown = moved(line.now.cost_nanos, line.before.cost_nanos, fmt.MIN_BASE_NANOS, "down")
    return shown or fmt.DASH


def _per_outcome(line: Line, currency: str) -> str:
    if line.cost_per_outcome is not None:
        return fmt.money(line.cost_per_outcome, currency, "unit")
    return fmt.DASH


def _confidence(line: Line) -> SafeString | str:
    """How sure the outcomes are, or why there is no cost of one."""
    if line.missing:
        return line.missing_label
    return chip(line.basis_label, BASIS_TONES.get(Basis(line.basis), ""))


def _covered(line: Line) -> str:
    """How much of the cost callers or rules gave to it; the rest is allocated or nobody's."""
    if line.stated is not None:
        return f"{fmt.pct(line.stated)} attributed"
    return ""


def _parts(line: Line) -> str:
    return f"{fmt.tokens(line.now.cached)} cached, {fmt.tokens(line.now.output)} out"


def _below(line: Line) -> str:
    return " · ".join(filter(None, (line.of, line.unit, line.owner)))


def _amount(nanos: int | None) -> Decimal | None:
    return None if nanos is None else from_nanos(nanos)


def _url(line: Line, request: Any) -> str:
    if not line.capability_id:
        return ""
    return org_url(request, "portfolio:detail", capability_id=line.capability_id)


def _unpriced(line: Line) -> str:
    unpriced = line.now.unpriced_tokens
    return f"{fmt.tokens(unpriced)} unpriced" if unpriced else ""


def columns(found: League) -> list[Column]:
    """One declaration for the page, its phone cards, its CSV and the files of reports."""
    currency = found.settings.currency
    name = "Workflow" if found.by == WORKFLOW else "Capability"
    shown = [
        Column("label", name, sort="label", link=_url, sub=_below, csv=lambda line: line.label),
        Column(
            "runs",
            "Runs",
            sort="runs",
            align="num",
            sub=lambda line: moved(line.now.runs, line.before.runs),
        ),
        Column(
            "tokens",
            "Tokens",
            sort="tokens",
            align="num",
            value=lambda line: fmt.tokens(line.tokens),
            sub=lambda line: moved(line.now.tokens, line.before.tokens, fmt.MIN_BASE_TOKENS),
            csv=lambda line: line.tokens,
        ),
        Column(
            "input",
            "Input",
            align="num",
            value=lambda line: fmt.tokens(line.now.input),
            sub=_parts,
            csv=lambda line: line.now.input,
            csv_label="Input (tokens, cached included)",
            phone=False,
        ),
        Column(
            "cost",
            "Cost",
            sort="cost_nanos",
            align="num",
            value=lambda line: fmt.money(line.cost_nanos, currency),
            sub=_unpriced,
            csv=lambda line: _amount(line.cost_nanos),
            csv_label=f"Cost ({currency})",
        ),
        Column(
            "cost_change",
            "Change",
            sort="cost_change",
            align="num",
            value=_cost_moved,
            csv=lambda line: line.cost_change,
            csv_label="Change of cost (ratio)",
        ),
        Column(
            "outcomes",
            "Outcomes",
            sort="outcomes",
            align="num",
            value=lambda line: fmt.DASH if line.outcomes is None else number(line.outcomes),
            sub=lambda line: line.outcome_unit if line.outcomes is not None else "",
            csv=lambda line: line.outcomes,
        ),
        Column(
            "per_outcome",
            "Cost per outcome",
            sort="cost_per_outcome",
            align="num",
            value=lambda line: _per_outcome(line, currency),
            sub=lambda line: moved(
                line.now.cost_per_outcome, line.before.cost_per_outcome, good="down"
            ),
            csv=lambda line: _amount(line.cost_per_outcome),
            csv_label=f"Cost per outcome ({currency})",
        ),
        Column(
            "confidence",
            "Confidence",
            value=_confidence,
            sub=_covered,
            csv=lambda line: line.missing or line.basis,
        ),
    ]
    return [*shown, *_file_columns(found)]


def _file_columns(found: League) -> list[Column]:
    """What files hold besides: both sides in full precision, and what the figures rest on."""
    currency = found.settings.currency

    def more(name: str, label: str, value: Callable[[Line], Any]) -> Column:
        return Column(name, label, value=value, in_table=False)

    def share(name: str) -> Callable[[Line], Any]:
        return lambda line: None if line.attributed is None else line.attributed.get(name, 0.0)

    return [
        *([more("of", "Capability", lambda line: line.of)] if found.by == WORKFLOW else []),
        more("code", "Code", lambda line: line.code),
        more("unit", "Team", lambda line: line.unit),
        more("owner", "Owner", lambda line: line.owner),
        more("stage", "Stage", lambda line: STAGES.get(line.stage, "")),
        more("kind", "Category", lambda line: KINDS.get(line.kind, "")),
        more("cached", "Cached input (tokens)", lambda line: line.now.cached),
        more("output", "Output (tokens)", lambda line: line.now.output),
        more("unpriced", "Unpriced (tokens)", lambda line: line.now.unpriced_tokens),
        more("outcome_unit", "Unit of outcomes", lambda line: line.outcome_unit),
        more("runs_before", "Runs before", lambda line: line.before.runs),
        more("runs_change", "Change of runs (ratio)", lambda line: line.runs_change),
        more("tokens_before", "Tokens before", lambda line: line.before.tokens),
        more("tokens_change", "Change of tokens (ratio)", lambda line: line.tokens_change),
        more(
            "cost_before",
            f"Cost before ({currency})",
            lambda line: _amount(line.before.cost_nanos),
        ),
        more("outcomes_before", "Outcomes before", lambda line: line.before.outcomes),
        more(
            "per_outcome_before",
            f"Cost per outcome before ({currency})",
            lambda line: _amount(line.before.cost_per_outcome),
        ),
        more(
            "per_outcome_change",
            "Change of cost per outcome (ratio)",
            lambda line: line.per_outcome_change,
        ),
        more("run_share", "Part of the cost in runs", lambda line: line.run_share),
        more("direct", "Attributed by callers (share of cost)", share("direct")),
        more("rule", "Attributed by rules (share of cost)", share("rule")),
        more("allocated", "Allocated (share of cost)", share("allocated")),
    ]


PLAIN_HEAD = (
    "Runs",
    "Tokens",
    "Cost",
    "Cost, change",
    "Outcomes",
    "Per outcome",
    "Per outcome, change",
)


def plain(found: League) -> tuple[Sequence[str], Iterator[list[str]]]:
    """The table as words, for e-mails and PDF files."""
    currency = found.settings.currency
    name = "Workflow" if found.by == WORKFLOW else "Capability"

    def changed(now: int | None, before: int | None, minimum: int = 0) -> str:
        if now is None or before is None or (not now and not before):
            return fmt.DASH
        return fmt.delta(shown_change(now, before, minimum), 0)

    def rows() -> Iterator[list[str]]:
        for line in found.lines:
            now, before = line.now, line.before
            made = fmt.DASH
            if line.outcomes is not None:
                made = f"{number(line.outcomes)} {line.outcome_unit}".strip()
            yield [
                f"{line.label} ({line.of})" if line.of else line.label,
                fmt.count(now.runs),
                fmt.tokens(now.tokens),
                fmt.money(now.cost_nanos, currency),
                changed(now.cost_nanos, before.cost_nanos, fmt.MIN_BASE_NANOS),
                made,
                _per_outcome(line, currency),
                changed(now.cost_per_outcome, before.cost_per_outcome),
                line.missing_label or line.basis_label,
            ]

    return [name, *PLAIN_HEAD, "Confidence"], rows()
