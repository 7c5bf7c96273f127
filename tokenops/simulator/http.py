"""Requests, answers and paging tokens shared by the two simulated APIs."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec


@dataclass(frozen=True, slots=True)
class Request:
    """One GET request: path, repeated parameters and lower-case headers."""

    path: str
    params: dict[str, list[str]]
    headers: dict[str, str]

    @classmethod
    def of(cls, target: str, headers: dict[str, str]) -> "Request":
        parts = urlsplit(target)
        return cls(
            parts.path.rstrip("/"), parse_qs(parts.query, keep_blank_values=True), dict(headers)
        )

    def one(self, name: str) -> str | None:
        values = self.params.get(name)
        return values[-1] if values else None

    def many(self, name: str) -> list[str]:
        """A repeated parameter, with or without the documented brackets."""
        return [*self.params.get(f"{name}[]", []), *self.params.get(name, [])]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer with a JSON body."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def encode(self) -> bytes:
        return msgspec.json.encode(self.body)


class BadRequest(Exception):
    """A parameter the API refuses: its name and what is wrong."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param, self.message = param, message


@dataclass(frozen=True, slots=True)
class Width:
    """A bucket width and how many buckets one page may hold."""

    name: str
    span: timedelta
    default: int
    maximum: int


WIDTHS = {
    "1m": Width("1m", timedelta(minutes=1), 60, 1440),
    "1h": Width("1h", timedelta(hours=1), 24, 168),
    "1d": Width("1d", timedelta(days=1), 7, 31),
}


@dataclass(frozen=True, slots=True)
class Window:
    """The buckets of one page and the token of the next."""

    width: Width
    starts: tuple[datetime, ...]
    next_page: str | None


def floor(moment: datetime, span: timedelta) -> datetime:
    """The start of the bucket that holds the instant."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return moment - (moment - epoch) % span


def _token(position: datetime, digest: str) -> str:
    raw = f"{int(position.timestamp())}|{digest}".encode()
    return "page_" + base64.urlsafe_b64encode(raw).decode()


def _position(token: str, digest: str) -> datetime:
    try:
        raw = base64.urlsafe_b64decode(token.removeprefix("page_").encode()).decode()
        stamp, made_for = raw.split("|")
        position = datetime.fromtimestamp(int(stamp), UTC)
    except (ValueError, binascii.Error) as error:
        raise BadRequest("page", "Invalid page token.") from error
    if made_for != digest:
        raise BadRequest("page", "The page token belongs to a request with other parameters.")
    return position


def page_of(request: Request, width: Width, start: datetime, end: datetime, limit: int) -> Window:
    """Cut the interval into buckets and take one page of them."""
    same = sorted((k, tuple(v)) for k, v in request.params.items() if k not in ("page", "limit"))
    digest = sha256(repr((request.path, same)).encode()).hexdigest()[:12]
    token = request.one("page")
    first = _position(token, digest) if token else floor(start, width.span)
    starts: list[datetime] = []
    while first < end and len(starts) < limit:
        starts.append(first)
        first += width.span
    return Window(width, tuple(starts), _token(first, digest) if first < end else None)


def limit_of(request: Request, width: Width) -> int:
    raw = request.one("limit")
    if raw is None:
        return width.default
    if not raw.isdigit() or not 1 <= int(raw) <= width.maximum:
        raise BadRequest(
            "limit", f"limit must be between 1 and {width.maximum} for bucket_width={width.name}."
        )
    return int(raw)


def listing(
    request: Request,
    rows: list[dict[str, Any]],
    *,
    cursor: str,
    default: int,
    maximum: int,
) -> dict[str, Any]:
    """A directory list paged by the id of the last row seen."""
    raw = request.one("limit")
    if raw is not None and (not raw.isdigit() or not 1 <= int(raw) <= maximum):
        raise BadRequest("limit", f"limit must be between 1 and {maximum}.")
    limit = int(raw) if raw else default
    after = request.one(cursor)
    ids = [row["id"] for row in rows]
    if after is not None and after not in ids:
        raise BadRequest(cursor, f"No object with id {after}.")
    begin = ids.index(after) + 1 if after else 0
    page = rows[begin : begin + limit]
    return {
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": begin + limit < len(rows),
    }


Handler = Callable[[Request], Answer]
