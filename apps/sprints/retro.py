"""A sprint's retrospective as Markdown, for the team's notes. Pure words over a standing."""

from datetime import timedelta

from apps.common import fmt
from apps.ledger.rules.drivers import Drivers
from apps.sprints.rules import largest_part
from apps.sprints.selectors.standing import Amount, SprintStanding, StoryLine
from apps.stories.enums import Phase

DRIVER_WORDS = {
    "volume": "volume",
    "tokens_per_request": "tokens per request",
    "model_mix": "model mix",
    "caching": "caching",
    "unit_price": "price",
}


def signed_tokens(count: int) -> str:
    return f"{'+' if count > 0 else '−' if count < 0 else ''}{fmt.tokens(abs(count))}"


def difference_words(line: StoryLine, currency: str) -> str:
    """What moved a story: the largest driver of production, else the phase that moved most."""
    if line.used is None:
        return "nothing measured"
    if line.drivers is not None and (name := largest_part(line.drivers.parts)):
        amount = fmt.signed_money(line.drivers.parts[name], currency, "exact")
        return f"{DRIVER_WORDS[name]} {amount}"
    parts = {p.phase: (p.used or Amount()).nanos - p.expected.nanos for p in line.phases}
    name = largest_part(parts)
    if not name:
        return "as forecast"
    return f"{Phase(name).label.lower()} {fmt.signed_money(parts[name], currency, 'exact')}"


def headline(found: SprintStanding) -> str:
    """The sprint in a sentence."""
    name = found.sprint.name
    if not found.lines:
        return f"{name} has no story"
    if not found.begun or found.used is None or found.difference is None:
        return f"{name} is forecast to use {fmt.tokens(found.forecast.tokens)} tokens"
    used = fmt.tokens(found.used.tokens)
    if not found.expected.tokens:
        return f"{name} used {used} tokens without a forecast"
    moved = fmt.delta(found.difference.tokens / found.expected.tokens, 0)
    return f"{name} used {used} tokens, {moved} against its forecast"


def markdown(found: SprintStanding, currency: str) -> str:
    """The whole retrospective: the sprint, its phases, its stories and what changed."""
    sprint = found.sprint
    last = fmt.long_day(sprint.ends_on - timedelta(days=1))
    lines = [
        f"# {_plain(headline(found))}",
        "",
        f"{_plain(sprint.unit.name)}, {fmt.long_day(sprint.starts_on)} to {last}.",
    ]
    if sprint.goal:
        lines += ["", f"Goal: {_plain(sprint.goal)}"]
    if found.through < sprint.ends_on:
        done = fmt.long_day(found.through - timedelta(days=1))
        lines += ["", f"Complete days only, through {done}." if found.begun else "Not begun yet."]
    lines += ["", "## By phase", "", *_table(_HEAD, _phases(found, currency))]
    lines += ["", "## By story", "", *_table((*_HEAD, "What changed"), _stories(found, currency))]
    if found.taken_out:
        out = ", ".join(f"{story.ref} {_plain(story.title)}" for story in found.taken_out)
        lines += ["", f"Taken out by hand: {out}."]
    items = [
        f"- {line.story.ref}: {_plain(item.label)} <{item.url}>"
        for line in found.lines
        for item in found.work_items.get(line.story.id, ())
    ]
    if items:
        lines += ["", "## Work items", "", *items]
    moved = [line for line in found.lines if line.drivers is not None]
    if moved:
        lines += ["", "## What moved production's cost", ""]
        lines += [_drivers(line, line.drivers, currency) for line in moved if line.drivers]
    lines += ["", "## Notes", "", "- What went well:", "- What to change:", "- Estimates to amend:"]
    return "\n".join(lines) + "\n"


_HEAD = ("", "Forecast", "Used", "Difference", "Forecast cost", "Cost", "Difference")


def _cells(label: str, expected: Amount, used: Amount | None, currency: str) -> tuple[str, ...]:
    if used is None:
        cost = fmt.money(expected.nanos, currency, style="exact")
        return (label, fmt.tokens(expected.tokens), "–", "–", cost, "–", "–")
    moved = used - expected
    return (
        label,
        fmt.tokens(expected.tokens),
        fmt.tokens(used.tokens),
        signed_tokens(moved.tokens),
        fmt.money(expected.nanos, currency, style="exact"),
        fmt.money(used.nanos, currency, style="exact"),
        fmt.signed_money(moved.nanos, currency, "exact"),
    )


def _phases(found: SprintStanding, currency: str) -> list[tuple[str, ...]]:
    rows = [_cells(Phase(p.phase).label, p.expected, p.used, currency) for p in found.phases]
    return [*rows, _cells("All", found.expected, found.used, currency)]


def _stories(found: SprintStanding, currency: str) -> list[tuple[str, ...]]:
    return [
        (
            *_cells(f"{s.story.ref} {_plain(s.story.title)}", s.expected, s.used, currency),
            difference_words(s, currency),
        )
        for s in found.lines
    ]


def _drivers(line: StoryLine, drivers: Drivers, currency: str) -> str:
    parts = ", ".join(
        f"{DRIVER_WORDS[name]} {fmt.signed_money(nanos, currency, 'exact')}"
        for name, nanos in drivers.parts.items()
    )
    return f"- {line.story.ref}: {parts}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return ["| " + " | ".join(row) + " |" for row in (head, tuple(rule), *rows)]


def _plain(text: str) -> str:
    """Text of people as text of Markdown: nothing of it formats, links or breaks a table."""
    text = " ".join(text.split())
    for mark in "\\`*_[]<>|#!":
        text = text.replace(mark, f"\\{mark}")
    return text
