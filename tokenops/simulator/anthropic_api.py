"""Anthropic's Admin API as documented: messages usage, cost report, workspaces, keys, users."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from tokenops.simulator import anthropic_directory as directory
from tokenops.simulator import claude_analytics, claude_code
from tokenops.simulator.billing import Line, bill
from tokenops.simulator.company.access import make_id
from tokenops.simulator.company.types import Workload
from tokenops.simulator.engine import UsageModel, utc_day
from tokenops.simulator.grouping import Dimension, Groups, bucket_values
from tokenops.simulator.http import (
    WIDTHS,
    Answer,
    BadRequest,
    Request,
    Width,
    Window,
    limit_of,
    page_of,
)
from tokenops.simulator.rates import find_model

DIMENSIONS: dict[str, Dimension] = {
    "api_key_id": lambda w: w.key.id,
    "workspace_id": lambda w: w.key.project_id,
    "model": lambda w: w.model,
    "service_tier": lambda w: w.tier,
    "context_window": lambda w: w.context,
    "inference_geo": lambda w: w.geo,
    "speed": lambda w: w.speed,
    "account_id": lambda w: directory.user_id(w.key.owner) if w.key.id is None else None,
    "service_account_id": lambda w: None,
}
_FILTERS = {
    "api_key_ids": "api_key_id",
    "workspace_ids": "workspace_id",
    "models": "model",
    "service_tiers": "service_tier",
    "context_window": "context_window",
    "inference_geos": "inference_geo",
    "speeds": "speed",
    "account_ids": "account_id",
    "service_account_ids": "service_account_id",
}
_TOKEN_TYPES = {
    "uncached": ("uncached_input_tokens", "Input Tokens"),
    "cache_read": ("cache_read_input_tokens", "Input Tokens, Cache Read"),
    "write_5m": ("cache_creation.ephemeral_5m_input_tokens", "Input Tokens, Cache Write 5m"),
    "write_1h": ("cache_creation.ephemeral_1h_input_tokens", "Input Tokens, Cache Write 1h"),
    "output": ("output_tokens", "Output Tokens"),
}
FAST_BETA = "fast-mode-2026-02-01"
COST_WIDTH = Width("1d", timedelta(days=1), 7, 31)
_DETAILS = ("cost_type", "description", "model", "service_tier", "token_type", "context_window",
            "inference_geo")  # fmt: skip


class AnthropicAPI:
    """Answers GET requests below /v1/organizations for one admin key.

    `unknown` are groupings that this account's API does not have yet.
    """

    def __init__(
        self, model: UsageModel, admin_key: str, unknown: frozenset[str] = frozenset()
    ) -> None:
        self.model, self.admin_key, self.unknown = model, admin_key, unknown

    def handle(self, request: Request, now: datetime) -> Answer:
        """The answer to one request; problems in Anthropic's error envelope."""
        if request.headers.get("x-api-key", "") != self.admin_key:
            return self.problem(401, "invalid x-api-key")
        if not request.headers.get("anthropic-version"):
            return self.problem(400, "anthropic-version: header is required")
        path = request.path.removeprefix("/v1/organizations/")
        try:
            return self._route(path, request, now)
        except BadRequest as error:
            return self.problem(400, f"{error.param}: {error.message}")

    @staticmethod
    def problem(status: int, message: str, *, headers: dict[str, str] | None = None) -> Answer:
        kind = {
            401: "authentication_error",
            404: "not_found_error",
            429: "rate_limit_error",
            500: "api_error",
        }.get(status, "invalid_request_error")
        body = {
            "type": "error",
            "error": {"type": kind, "message": message},
            "request_id": make_id("req_", str(status), message),
        }
        return Answer(body, status, headers or {})

    def _route(self, path: str, request: Request, now: datetime) -> Answer:
        if path == "usage_report/messages":
            return self._usage(request, now)
        if path == "cost_report":
            return self._costs(request, now)
        if path == "usage_report/claude_code":
            return self._claude_code(request, now)
        if path in ("analytics/usage", "analytics/cost"):
            name = path.removeprefix("analytics/")
            return claude_analytics.answer(self.model, name, DIMENSIONS, request, now)
        if path == "me":
            return Answer(directory.organization(self.model.company))
        rows = directory.lists(self.model.company, self.model.anchor).get(path)
        if rows is None:
            return self.problem(404, f"Not found: {request.path}")
        return Answer(directory.page(request, rows))

    def _window(self, request: Request, width: Width, now: datetime) -> Window:
        start = _instant(request, "starting_at")
        if start is None:
            raise BadRequest("starting_at", "Field required")
        end = _instant(request, "ending_at") or now
        if end <= start:
            raise BadRequest("ending_at", "must be after starting_at")
        return page_of(request, width, start, min(end, now), limit_of(request, width))

    def _usage(self, request: Request, now: datetime) -> Answer:
        width = WIDTHS.get(request.one("bucket_width") or "1d")
        if width is None:
            raise BadRequest("bucket_width", "Input should be '1d', '1h' or '1m'")
        window = self._window(request, width, now)
        known = self._dimensions(request)
        group_by = _group_by(request, tuple(known))
        wanted = {f: set(request.many(name)) for name, f in _FILTERS.items() if request.many(name)}

        def keep(work: Workload) -> bool:
            return work.provider == "anthropic" and all(
                DIMENSIONS[field](work) in values for field, values in wanted.items()
            )

        groups = Groups(self.model.workloads, keep, known, group_by)
        data = []
        for start, values in bucket_values(self.model, window, groups, now):
            results = []
            for label, row in zip(groups.labels, values, strict=True):
                if row.any():
                    found: dict[str, Any] = _messages(row)
                    found.update(dict.fromkeys(known))
                    found.update(zip(groups.names, label, strict=True))
                    results.append(found)
            data.append(_bucket(start, width, results))
        return _page(data, window)

    def _dimensions(self, request: Request) -> dict[str, Dimension]:
        """What this account's report knows; speeds only behind their beta header."""
        betas = request.headers.get("anthropic-beta", "").split(",")
        hidden = self.unknown if FAST_BETA in betas else self.unknown | {"speed"}
        return {name: pick for name, pick in DIMENSIONS.items() if name not in hidden}

    def _claude_code(self, request: Request, now: datetime) -> Answer:
        raw = request.one("starting_at") or ""
        try:
            day = date.fromisoformat(raw)
        except ValueError as error:
            raise BadRequest("starting_at", "Input should be a valid date: YYYY-MM-DD") from error
        limit, skip = request.one("limit") or "20", request.one("page") or "0"
        if not limit.isdigit() or not 1 <= int(limit) <= 1000 or not skip.isdigit():
            raise BadRequest("limit", "Input should be between 1 and 1000")
        rows = claude_code.rows(self.model, day, now)
        end = int(skip) + int(limit)
        more = end < len(rows)
        page = rows[int(skip) : end]
        return Answer({"data": page, "has_more": more, "next_page": str(end) if more else None})

    def _costs(self, request: Request, now: datetime) -> Answer:
        if (request.one("bucket_width") or "1d") != "1d":
            raise BadRequest("bucket_width", "Input should be '1d'")
        window = self._window(request, COST_WIDTH, now)
        group_by = _group_by(request, ("workspace_id", "description"))
        data = [
            _bucket(start, COST_WIDTH, self._cost_results(start, now, group_by))
            for start in window.starts
        ]
        return _page(data, window)

    def _cost_results(
        self, start: datetime, now: datetime, group_by: list[str]
    ) -> list[dict[str, Any]]:
        sums: dict[tuple[Any, ...], Decimal] = {}
        lines = bill(self.model, utc_day(start), now, lambda work: work.provider == "anthropic")
        for line in lines:
            workspace = line.work.key.project_id if "workspace_id" in group_by else None
            detail = _details(line) if "description" in group_by else (None,) * len(_DETAILS)
            label = (workspace, *detail)
            sums[label] = sums.get(label, Decimal(0)) + line.dollars
        return [
            {
                "amount": f"{dollars * 100:.5f}",
                "currency": "USD",
                "workspace_id": label[0],
                **dict(zip(_DETAILS, label[1:], strict=True)),
            }
            for label, dollars in sorted(sums.items(), key=lambda item: str(item[0]))
        ]


def _details(line: Line) -> tuple[str | None, ...]:
    work = line.work
    if line.kind == "searches":
        return ("web_search", "Web Search Usage", None, None, None, None, None)
    token_type, words = _TOKEN_TYPES[line.kind]
    info = find_model("anthropic", work.model)
    title = (info.name if info and info.name else work.model) + " Usage"
    if work.tier != "standard":
        title += f" {work.tier.title()}"
    description = f"{title} - {words}"
    return ("tokens", description, work.model, work.tier, token_type, work.context, work.geo)


def _group_by(request: Request, allowed: tuple[str, ...]) -> list[str]:
    group_by = request.many("group_by")
    for name in group_by:
        if name not in allowed:
            raise BadRequest("group_by", f"Input should be one of {', '.join(allowed)}")
    return group_by


def _instant(request: Request, name: str) -> datetime | None:
    raw = request.one(name)
    if raw is None:
        return None
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError as error:
        raise BadRequest(name, "Input should be a valid RFC 3339 datetime") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _bucket(start: datetime, width: Width, results: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "starting_at": _rfc3339(start),
        "ending_at": _rfc3339(start + width.span),
        "results": results,
    }


def _page(data: list[dict[str, Any]], window: Window) -> Answer:
    more = window.next_page is not None
    return Answer({"data": data, "has_more": more, "next_page": window.next_page})


def _messages(row: np.ndarray) -> dict[str, Any]:
    uncached, read, write_5m, write_1h, output, _, _, _, _, searches = map(int, row)
    return {
        "uncached_input_tokens": uncached,
        "cache_read_input_tokens": read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": write_5m,
            "ephemeral_1h_input_tokens": write_1h,
        },
        "output_tokens": output,
        "server_tool_use": {"web_search_requests": searches},
    }
