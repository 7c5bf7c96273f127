"""OpenAI's organization API as documented: usage by bucket, costs, projects, keys, users."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from tokenops.simulator import openai_directory as directory
from tokenops.simulator.billing import bill
from tokenops.simulator.company.types import Workload
from tokenops.simulator.engine import REQUESTS, UsageModel, utc_day
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
from tokenops.simulator.units import PRICES, Units, units_of

COSTS_ARRIVE = timedelta(hours=5)
"""A day's costs appear this long after the UTC day ended."""

DIMENSIONS: dict[str, Dimension] = {
    "project_id": lambda w: w.key.project_id,
    "user_id": lambda w: directory.user_id(w.key.owner),
    "api_key_id": lambda w: w.key.id,
    "model": lambda w: w.model,
    "batch": lambda w: w.tier == "batch",
    "service_tier": lambda w: "default" if w.tier in ("standard", "batch") else w.tier,
}
_FILTERS = {
    "project_ids": "project_id",
    "user_ids": "user_id",
    "api_key_ids": "api_key_id",
    "models": "model",
}
_COMMON = ("project_id", "user_id", "api_key_id", "model")
ENDPOINTS: dict[str, tuple[str, tuple[str, ...], dict[str, int]]] = {
    # path: (object name, dimensions, measures)
    "completions": ("completions", tuple(DIMENSIONS), {}),
    "embeddings": ("embeddings", _COMMON, {}),
    "moderations": ("moderations", _COMMON, {}),
    "images": ("images", (*_COMMON, "size", "source"), {}),
    "audio_speeches": ("audio_speeches", _COMMON, {}),
    "audio_transcriptions": ("audio_transcriptions", _COMMON, {}),
    "vector_stores": ("vector_stores", ("project_id",), {}),
    "code_interpreter_sessions": ("code_interpreter_sessions", ("project_id",), {}),
    "file_search_calls": (
        "file_searches",
        ("project_id", "user_id", "api_key_id", "vector_store_id"),
        {},
    ),
    "web_search_calls": ("web_searches", (*_COMMON, "context_level"), {}),
}
FIELDS = {
    "images": ("images", True),
    "audio_speeches": ("characters", True),
    "audio_transcriptions": ("seconds", True),
    "vector_stores": ("usage_bytes", False),
    "code_interpreter_sessions": ("num_sessions", False),
    "file_search_calls": ("num_requests", False),
    "web_search_calls": ("num_requests", True),
}
"""Endpoints that do not count tokens: the field of the count, and whether requests are told."""
COSTS_WIDTH = Width("1d", timedelta(days=1), 7, 180)
LINE_NAMES = {
    "uncached": "input",
    "cache_read": "cached input",
    "write_5m": "cache write input",
    "write_1h": "cache write input",
    "output": "output",
    "image": "image input",
    "audio_in": "audio input",
    "audio_out": "audio output",
}


def is_embedding(work: Workload) -> bool:
    return work.model.startswith("text-embedding")


class OpenAIAPI:
    """Answers GET requests below /v1/organization for one admin key."""

    def __init__(self, model: UsageModel, admin_key: str) -> None:
        self.model, self.admin_key = model, admin_key

    def handle(self, request: Request, now: datetime) -> Answer:
        """The answer to one request; problems in OpenAI's error envelope."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if given != self.admin_key:
            shown = f"{given[:8]}***{given[-4:]}" if len(given) > 16 else "***"
            message = f"Incorrect API key provided: {shown}."
            return self.problem(401, message, code="invalid_api_key")
        path = request.path.removeprefix("/v1/organization/")
        try:
            return self._route(path, request, now)
        except BadRequest as error:
            return self.problem(400, error.message, param=error.param)

    @staticmethod
    def problem(
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        kind = {429: "requests", 500: "server_error"}.get(status, "invalid_request_error")
        error = {"message": message, "type": kind, "param": param, "code": code}
        return Answer({"error": error}, status, headers or {})

    def _route(self, path: str, request: Request, now: datetime) -> Answer:
        if path.startswith("usage/") and path[6:] in ENDPOINTS:
            return self._usage(path[6:], request, now)
        if path == "costs":
            return self._costs(request, now)
        found = directory.lists(self.model.company, self.model.anchor)
        if path in found:
            return Answer(directory.page(request, found[path]))
        match = re.fullmatch(r"projects/([^/]+)(/api_keys|/users|/service_accounts)?", path)
        if match:
            return self._project(match[1], match[2] or "", request)
        return self.problem(404, f"Invalid URL (GET {request.path})")

    def _project(self, project_id: str, part: str, request: Request) -> Answer:
        company, anchor = self.model.company, self.model.anchor
        rows = directory.project_part(company, anchor, project_id, part)
        if rows is None:
            return self.problem(404, f"Project {project_id} not found", param="project_id")
        if not part:
            return Answer(rows[0])
        return Answer(directory.page(request, rows))

    def _window(self, request: Request, width: Width, now: datetime) -> Window:
        start = _seconds(request, "start_time")
        if start is None:
            raise BadRequest("start_time", "Missing required parameter: 'start_time'.")
        end = _seconds(request, "end_time") or now
        if end <= start:
            raise BadRequest("end_time", "end_time must be after start_time.")
        return page_of(request, width, start, min(end, now), limit_of(request, width))

    def _group_by(self, request: Request, allowed: tuple[str, ...]) -> list[str]:
        group_by = request.many("group_by")
        for name in group_by:
            if name not in allowed:
                raise BadRequest("group_by", f"Invalid group_by: '{name}'.")
        return group_by

    def _keep(self, request: Request) -> dict[str, set[str]]:
        wanted = {field: set(request.many(name)) for name, field in _FILTERS.items()}
        return {field: values for field, values in wanted.items() if values}

    def _usage(self, endpoint: str, request: Request, now: datetime) -> Answer:
        if endpoint in FIELDS:
            return self._units(endpoint, request, now)
        object_name, dimensions, _ = ENDPOINTS[endpoint]
        width = WIDTHS.get(request.one("bucket_width") or "1d")
        if width is None:
            raise BadRequest("bucket_width", "bucket_width must be one of 1m, 1h, 1d.")
        window = self._window(request, width, now)
        group_by = self._group_by(request, dimensions)
        wanted, batch = self._keep(request), request.one("batch")

        def keep(work: Workload) -> bool:
            if work.provider != "openai" or endpoint not in ("completions", "embeddings"):
                return False
            if is_embedding(work) != (endpoint == "embeddings"):
                return False
            if batch is not None and str(work.tier == "batch").lower() != batch.lower():
                return False
            return all(DIMENSIONS[field](work) in values for field, values in wanted.items())

        groups = Groups(self.model.workloads, keep, DIMENSIONS, group_by)
        shape = _completion if endpoint == "completions" else _embedding
        data = []
        for start, values in bucket_values(self.model, window, groups, now):
            results = []
            for label, row in zip(groups.labels, values, strict=True):
                if row[REQUESTS] or row.any():
                    found = {"object": f"organization.usage.{object_name}.result", **shape(row)}
                    found.update(dict.fromkeys(dimensions))
                    found.update(zip(groups.names, label, strict=True))
                    results.append(found)
            data.append(_bucket(start, width, results))
        return _page(data, window)

    def _units(self, endpoint: str, request: Request, now: datetime) -> Answer:
        """Days of an endpoint that does not count tokens; other widths are not simulated."""
        object_name, dimensions, _ = ENDPOINTS[endpoint]
        width = WIDTHS.get(request.one("bucket_width") or "1d")
        if width is None:
            raise BadRequest("bucket_width", "bucket_width must be one of 1m, 1h, 1d.")
        window = self._window(request, width, now)
        group_by = self._group_by(request, dimensions)
        wanted = self._keep(request)
        data = []
        for start in window.starts:
            sums: dict[tuple[Any, ...], tuple[int, int]] = {}
            for item in units_of(self.model, utc_day(start), now) if width.name == "1d" else ():
                values = _unit_dimensions(item)
                kept = all(values[field] in given for field, given in wanted.items())
                if item.endpoint == endpoint and kept:
                    label = tuple(values[name] for name in group_by)
                    quantity, calls = sums.get(label, (0, 0))
                    sums[label] = (quantity + item.quantity, calls + item.calls)
            field, with_calls = FIELDS[endpoint]
            results = []
            for label, (quantity, calls) in sorted(sums.items(), key=str):
                row = {"object": f"organization.usage.{object_name}.result", field: quantity}
                if with_calls:
                    row["num_model_requests"] = calls
                row.update(dict.fromkeys(dimensions))
                row.update(zip(group_by, label, strict=True))
                results.append(row)
            data.append(_bucket(start, width, results))
        return _page(data, window)

    def _costs(self, request: Request, now: datetime) -> Answer:
        if (request.one("bucket_width") or "1d") != "1d":
            raise BadRequest("bucket_width", "Costs support bucket_width=1d only.")
        window = self._window(request, COSTS_WIDTH, now)
        group_by = self._group_by(request, ("project_id", "line_item", "api_key_id"))
        wanted = self._keep(request)

        def keep(work: Workload) -> bool:
            if work.provider != "openai":
                return False
            return all(DIMENSIONS[field](work) in values for field, values in wanted.items())

        data = []
        for start in window.starts:
            results = []
            if start + timedelta(days=1) + COSTS_ARRIVE <= now:
                results = self._cost_results(start, now, group_by, keep, wanted)
            data.append(_bucket(start, COSTS_WIDTH, results))
        return _page(data, window)

    def _cost_results(
        self,
        start: datetime,
        now: datetime,
        group_by: list[str],
        keep: Any,
        wanted: dict[str, set[str]],
    ) -> list[dict[str, Any]]:
        lines: list[tuple[dict[str, Any], Decimal, float, str | None]] = []
        for line in bill(self.model, utc_day(start), now, keep):
            tier = "" if line.work.tier == "standard" else f"{line.work.tier} "
            values = {name: DIMENSIONS[name](line.work) for name in ("project_id", "api_key_id")}
            name = f"{line.work.model}, {tier}{LINE_NAMES[line.kind]}"
            lines.append(({**values, "line_item": name}, line.dollars, line.quantity, "tokens"))
        for item in units_of(self.model, utc_day(start), now):
            values = _unit_dimensions(item)
            if all(values[field] in given for field, given in wanted.items()):
                name, _, unit = PRICES[item.endpoint]
                lines.append(({**values, "line_item": name}, item.dollars, item.billed, unit))
        sums: dict[tuple[Any, ...], tuple[Decimal, float, str | None]] = {}
        for values, dollars, quantity, unit in lines:
            label = tuple(values[name] for name in group_by)
            before = sums.get(label, (Decimal(0), 0.0, unit))
            sums[label] = (before[0] + dollars, before[1] + quantity, unit)
        by_line = "line_item" in group_by
        return [
            {
                "object": "organization.costs.result",
                "amount": {"value": f"{dollars:.19f}", "currency": "usd"},
                "line_item": None,
                "project_id": None,
                "api_key_id": None,
                "quantity": float(quantity) if by_line else None,
                "quantity_unit": unit if by_line else None,
                **dict(zip(group_by, label, strict=True)),
            }
            for label, (dollars, quantity, unit) in sorted(
                sums.items(), key=lambda item: str(item[0])
            )
        ]


def _unit_dimensions(item: Units) -> dict[str, Any]:
    return {
        "project_id": item.project_id,
        "user_id": directory.user_id(item.key.owner) if item.key else None,
        "api_key_id": item.key.id if item.key else None,
        "model": item.model,
        "size": item.detail if item.endpoint == "images" else None,
        "source": "image.generation" if item.endpoint == "images" else None,
        "vector_store_id": None,
        "context_level": item.detail if item.endpoint == "web_search_calls" else None,
    }


def _seconds(request: Request, name: str) -> datetime | None:
    raw = request.one(name)
    if raw is None:
        return None
    if not raw.isdigit() or len(raw) > 11:
        raise BadRequest(name, f"{name} must be a Unix timestamp in seconds.")
    return datetime.fromtimestamp(int(raw), UTC)


def _bucket(start: datetime, width: Width, results: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "object": "bucket",
        "start_time": int(start.timestamp()),
        "end_time": int((start + width.span).timestamp()),
        "results": results,
    }


def _page(data: list[dict[str, Any]], window: Window) -> Answer:
    more = window.next_page is not None
    return Answer({"object": "page", "data": data, "has_more": more, "next_page": window.next_page})


def _completion(row: np.ndarray) -> dict[str, int]:
    uncached, cached, written, _, output, image, audio_in, audio_out, calls, _ = map(int, row)
    fresh = uncached + image + audio_in
    return {
        "input_tokens": fresh + cached + written,
        "input_cached_tokens": cached,
        "input_cache_write_tokens": written,
        "input_uncached_tokens": fresh,
        "input_cache_write_30m_tokens": written,
        "input_cache_write_12h_tokens": 0,
        "output_tokens": output + audio_out,
        "input_text_tokens": uncached,
        "output_text_tokens": output,
        "input_cached_text_tokens": cached,
        "input_audio_tokens": audio_in,
        "input_cached_audio_tokens": 0,
        "output_audio_tokens": audio_out,
        "input_image_tokens": image,
        "input_cached_image_tokens": 0,
        "output_image_tokens": 0,
        "num_model_requests": calls,
    }


def _embedding(row: np.ndarray) -> dict[str, int]:
    return {"input_tokens": int(row[0]), "num_model_requests": int(row[REQUESTS])}
