"""LiteLLM's administration as documented, for the gateway in front of some of the company's keys.

The gateway counts what it saw the end of. Streams that callers cut off are counted by the provider
and not here, so its totals are a lower bound; three days of a broken callback lost more.
"""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import numpy as np

from tokenops.simulator.company.types import Workload
from tokenops.simulator.engine import REQUESTS, UsageModel
from tokenops.simulator.http import Answer, BadRequest, Request
from tokenops.simulator.rates import rates

CAPABILITIES = frozenset(
    {
        "claims-intake",
        "claim-summaries",
        "agent-assist",
        "policy-chat",
        "quote-helper",
        "submission-triage",
        "broker-inbox",
        "text-to-sql",
    }
)
STREAMING = frozenset({"chat", "rag", "agent", "summary"})
LOST = {"agent-assist": (-16, -13, 0.30)}
"""Days from the anchor on which a callback failed, and the share of calls that was lost."""
ARRIVES = timedelta(minutes=10)
_MILLION = 1_000_000


class LiteLLMAPI:
    """Answers GET requests of a proxy administrator."""

    def __init__(self, model: UsageModel, master_key: str) -> None:
        self.model, self.master_key = model, master_key
        self.works = [
            (index, work)
            for index, work in enumerate(model.workloads)
            if work.key.capability in CAPABILITIES and work.tier == "standard" and work.key.id
        ]

    def handle(self, request: Request, now: datetime) -> Answer:
        """The answer to one request; problems in the proxy's error envelope."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if given != self.master_key:
            return self.problem(401, "Authentication Error, Invalid proxy server token passed.")
        try:
            if request.path == "/user/daily/activity":
                return self._activity(request, now)
            if request.path == "/team/list":
                return Answer(self._teams())
        except BadRequest as error:
            return self.problem(400, f"{error.param}: {error.message}")
        return self.problem(404, f"Not Found: {request.path}")

    @staticmethod
    def problem(status: int, message: str, *, headers: dict[str, str] | None = None) -> Answer:
        kind = {401: "auth_error", 429: "throttling_error"}.get(status, "internal_error")
        error = {"message": message, "type": kind, "param": "None", "code": str(status)}
        return Answer({"error": error}, status, headers or {})

    def _teams(self) -> list[dict[str, Any]]:
        names = sorted({work.key.capability or "" for _, work in self.works})
        titles = {item.slug: item.name for item in self.model.company.capabilities}
        return [
            {"team_id": f"team_{name}", "team_alias": titles[name], "models": [], "blocked": False}
            for name in names
        ]

    def _activity(self, request: Request, now: datetime) -> Answer:
        first, last = _day(request, "start_date"), _day(request, "end_date")
        size, number = _number(request, "page_size", 50, 1000), _number(request, "page", 1, 10**6)
        rows = [
            (day, work, metrics)
            for offset in range((last - first).days, -1, -1)
            for day in (first + timedelta(days=offset),)
            for work, metrics in self._day_rows(day, now)
        ]
        pages = max(1, math.ceil(len(rows) / size))
        page = rows[(number - 1) * size : number * size]
        days: dict[date, dict[str, Any]] = {}
        for day, work, metrics in page:
            _add(days.setdefault(day, _empty_day(day)), work, metrics)
        totals = _zero()
        for found in days.values():
            _sum(totals, found["metrics"])
        return Answer(
            {
                "results": list(days.values()),
                "metadata": {
                    **{f"total_{name}": value for name, value in totals.items()},
                    "page": number,
                    "total_pages": pages,
                    "has_more": number < pages,
                },
            }
        )

    def _day_rows(self, day: date, now: datetime) -> list[tuple[Workload, dict[str, Any]]]:
        """What the gateway saw of a UTC day by virtual key and model."""
        if datetime(day.year, day.month, day.day, tzinfo=UTC) > now - ARRIVES:
            return []
        totals = self.model.visible(day, now).sum(axis=0)
        found = []
        for index, work in self.works:
            seen = totals[index] - np.floor(totals[index] * self._lost(work, day)).astype(np.int64)
            if seen[REQUESTS]:
                found.append((work, _metrics(work, seen, day)))
        return found

    def _lost(self, work: Workload, day: date) -> float:
        """The share of calls whose end the gateway did not see."""
        draw = sha256(f"{self.model.seed}/gateway/{work.name}/{day}".encode()).digest()[0] / 255
        share = 0.01 + 0.025 * draw if work.profile in STREAMING else 0.002 * draw
        start, end, lost = LOST.get(work.key.capability or "", (0, 0, 0.0))
        return max(share, lost) if start <= (day - self.model.anchor).days < end else share


def key_hash(work: Workload) -> str:
    """The gateway's own name for the virtual key: a digest."""
    return sha256(f"sk-{work.key.name}".encode()).hexdigest()


def _metrics(work: Workload, seen: np.ndarray, day: date) -> dict[str, Any]:
    counts = [int(value) for value in seen[:8]]
    price = rates(work.provider, work.model, work.tier, day)
    spend = sum((n * rate for n, rate in zip(counts, price, strict=True)), Decimal(0)) / _MILLION
    uncached, read, write_5m, write_1h, output, image, audio_in, audio_out = counts
    prompt = uncached + read + write_5m + write_1h + image + audio_in
    calls = int(seen[REQUESTS])
    return {
        "spend": float(round(spend, 9)),
        "prompt_tokens": prompt,
        "completion_tokens": output + audio_out,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": write_5m + write_1h,
        "total_tokens": prompt + output + audio_out,
        "successful_requests": calls,
        "failed_requests": calls // 200,
        "api_requests": calls + calls // 200,
    }


def _zero() -> dict[str, Any]:
    return {
        "spend": 0.0,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation_input_tokens": 0,
        "total_tokens": 0,
        "successful_requests": 0,
        "failed_requests": 0,
        "api_requests": 0,
    }


def _sum(into: dict[str, Any], more: dict[str, Any]) -> None:
    for name, value in more.items():
        into[name] += value


def _empty_day(day: date) -> dict[str, Any]:
    parts = ("models", "model_groups", "providers", "api_keys", "entities", "mcp_servers")
    return {
        "date": day.isoformat(),
        "metrics": _zero(),
        "cache_hit_ratio": None,
        "breakdown": {**{name: {} for name in parts}, "endpoints": {}},
    }


def _add(day: dict[str, Any], work: Workload, metrics: dict[str, Any]) -> None:
    """Count a row in its day, model, provider and key."""
    _sum(day["metrics"], metrics)
    name = f"{work.provider}/{work.model}"
    about = {"key_alias": work.key.name, "team_id": f"team_{work.key.capability}"}
    breakdown = day["breakdown"]
    for part, label in (("models", name), ("providers", work.provider)):
        whole = breakdown[part].setdefault(
            label, {"metrics": _zero(), "metadata": {}, "api_key_breakdown": {}}
        )
        _sum(whole["metrics"], metrics)
        fresh = {"metrics": _zero(), "metadata": about}
        _sum(whole["api_key_breakdown"].setdefault(key_hash(work), fresh)["metrics"], metrics)
    fresh = {"metrics": _zero(), "metadata": about}
    _sum(breakdown["api_keys"].setdefault(key_hash(work), fresh)["metrics"], metrics)


def _day(request: Request, name: str) -> date:
    try:
        return date.fromisoformat(request.one(name) or "")
    except ValueError as error:
        raise BadRequest(name, "Input should be a date: YYYY-MM-DD") from error


def _number(request: Request, name: str, default: int, largest: int) -> int:
    raw = request.one(name) or str(default)
    if not raw.isdigit() or not 1 <= int(raw) <= largest:
        raise BadRequest(name, f"Input should be between 1 and {largest}")
    return int(raw)
