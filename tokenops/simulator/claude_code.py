"""Claude Code analytics of the simulated company: its coding keys' tokens by person and UTC day."""

from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from tokenops.simulator.company.types import Person, Workload
from tokenops.simulator.engine import UsageModel
from tokenops.simulator.rates import rates_of

CAPABILITIES = frozenset({"code-assistant", "infra-agents", "migration-agent"})
TEAMS = frozenset({"DVX", "PLT", "COR", "SEC", "DEN"})
SUBSCRIBERS = frozenset({"DSC", "ACT", "DIG"})
"""Teams whose people use it on seats of a plan: their tokens are in no key's usage."""
SEAT_MODELS = ("claude-sonnet-5-5", "claude-opus-5-5")
ARRIVES = timedelta(hours=1)
"""A day appears this long after it ended."""
_MILLION = 1_000_000


def rows(model: UsageModel, day: date, now: datetime) -> list[dict[str, Any]]:
    """One row per developer of the day: the shares of those who use keys add up to the keys'
    tokens exactly, and people on seats come after them."""
    ended = datetime(day.year, day.month, day.day, tzinfo=now.tzinfo) + timedelta(days=1)
    if now < ended + ARRIVES:
        return []
    people = [person for person in model.company.people if person.team in TEAMS]
    totals = model.visible(day, now).sum(axis=0)
    works = [
        (work, totals[index])
        for index, work in enumerate(model.workloads)
        if work.provider == "anthropic" and work.key.capability in CAPABILITIES
    ]
    weights = [_weight(person, day) for person in people]
    whole = sum(weights)
    found, before = [], 0
    for person, weight in zip(people, weights, strict=True):
        share, before = (before, before + weight), before + weight
        parts = [_part(work, values, share, whole, day) for work, values in works]
        parts = [part for part in parts if part["tokens"]["input"] or part["tokens"]["output"]]
        if parts:
            found.append(_row(person, day, parts))
    found += (
        _row(person, day, [_seat_part(person, day)], subscription=True)
        for person in model.company.people
        if person.team in SUBSCRIBERS and day.weekday() < 5 and _weight(person, day)
    )
    return found


def _seat_part(person: Person, day: date) -> dict[str, Any]:
    """What somebody used of their seat: nothing more is paid for it."""
    draw = sha256(f"{person.email}/{day}/seat".encode()).digest()
    output = 12_000 + draw[0] * 1_100
    return {
        "model": SEAT_MODELS[draw[1] % 4 == 0],
        "tokens": {
            "input": output * (2 + draw[2] % 4),
            "output": output,
            "cache_read": output * (20 + draw[3] % 40),
            "cache_creation": output * (3 + draw[4] % 5),
        },
        "estimated_cost": {"amount": 0, "currency": "USD"},
    }


def _weight(person: Person, day: date) -> int:
    """How much of the day is this person's, 0 to 96: nobody codes every day."""
    draw = sha256(f"{person.email}/{day}".encode()).digest()
    return 0 if draw[0] < 60 else 4 + draw[1] % 93


def _part(
    work: Workload, values: Any, share: tuple[int, int], whole: int, day: date
) -> dict[str, Any]:
    def cut(column: int) -> int:
        """The stretch of a total between two marks: all stretches add up to it exactly."""
        total = int(values[column])
        return total * share[1] // whole - total * share[0] // whole if whole else 0

    counts = [cut(column) for column in range(5)]
    price = rates_of(work, day)
    dollars = sum(n * float(rate) for n, rate in zip(counts, price, strict=False)) / _MILLION
    return {
        "model": work.model,
        "tokens": {
            "input": counts[0],
            "output": counts[4],
            "cache_read": counts[1],
            "cache_creation": counts[2] + counts[3],
        },
        "estimated_cost": {"amount": round(dollars * 100, 2), "currency": "USD"},
    }


def _row(
    person: Person, day: date, parts: list[dict[str, Any]], *, subscription: bool = False
) -> dict[str, Any]:
    draw = sha256(f"{person.email}/{day}/work".encode()).digest()
    accepted = {"accepted": draw[0] % 40, "rejected": draw[1] % 6}
    return {
        "date": f"{day}T00:00:00Z",
        "actor": {"type": "user_actor", "email_address": person.email},
        "organization_id": "merrowdale",
        "customer_type": "subscription" if subscription else "api",
        "subscription_type": "team" if subscription else None,
        "terminal_type": ("vscode", "iTerm.app", "tmux")[draw[2] % 3],
        "is_remote": False,
        "core_metrics": {
            "num_sessions": 1 + draw[3] % 20,
            "lines_of_code": {"added": draw[4] * 4, "removed": draw[5] * 2},
            "commits_by_claude_code": draw[6] % 12,
            "pull_requests_by_claude_code": draw[7] % 4,
        },
        "tool_actions": {
            "edit_tool": accepted,
            "multi_edit_tool": accepted,
            "write_tool": accepted,
            "notebook_edit_tool": {"accepted": 0, "rejected": 0},
        },
        "model_breakdown": parts,
    }
