"""One row of a file as a usage record. Pure.

Totals are split into disjoint kinds: `input_total` loses the cache kinds, `output_total` loses the
reasoning. Whatever is refused names the column, the reason and the fix.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from apps.connectors.imports.enums import CostUnit
from apps.connectors.imports.rules import amounts, details
from apps.connectors.imports.rules.mapping import Mapping
from apps.connectors.imports.rules.targets import MEASURES, PROMPT, RUN, TAG
from apps.connectors.push.checks import check_record
from apps.connectors.push.records import explain
from apps.ledger.schema import RecordError, UsageIn

_WHOLE = re.compile(r"^\d+(?:\.0+)?$")
_GROUPED = re.compile(r"^\d{1,3}(?:,\d{3})+(?:\.0+)?$")
_INPUT_PARTS = ("cache_read", "cache_write_5m", "cache_write_1h", "audio_input", "image_input")
_OUTPUT_PARTS = ("reasoning", "audio_output", "image_output")


class RowError(ValueError):
    """A cell that cannot be read."""

    def __init__(self, target: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.target, self.message, self.fix = target, message, fix


@dataclass(frozen=True, slots=True)
class Row:
    """An accepted row: its record, and 64-bit hashes of its identity and of its quantities."""

    record: UsageIn
    identity: bytes
    measure: int


class Converter:
    """Turns rows of one file into records. Made once per pass."""

    def __init__(
        self, mapping: Mapping, header: Sequence[str], key_columns: Sequence[str], now: datetime
    ) -> None:
        self._mapping = mapping
        self._now = now
        self._width = len(header)
        place = {name: position for position, name in enumerate(header)}
        self._names = {target: column for column, target in mapping.columns.items()}
        self._texts = [
            (place[column], target)
            for column, target in mapping.columns.items()
            if target not in (*MEASURES, *RUN, *PROMPT)
            and target != "occurred_at"
            and not target.startswith(TAG)
        ]
        self._run = [
            (place[column], target)
            for column, target in mapping.columns.items()
            if target in RUN or target in PROMPT
        ]
        self._counts = [
            (place[column], target)
            for column, target in mapping.columns.items()
            if target in MEASURES and target != "cost"
        ]
        self._tags = [
            (place[column], target.removeprefix(TAG))
            for column, target in mapping.columns.items()
            if target.startswith(TAG)
        ]
        self._time = place[str(mapping.column_of("occurred_at"))]
        cost = mapping.column_of("cost")
        self._cost = place[cost] if cost else None
        self._zone = ZoneInfo(mapping.timezone)
        self._key = [place[name] for name in key_columns if name in place]
        self._measured = [p for p in range(len(header)) if p not in self._key]
        self._by_event = mapping.column_of("event_id") is not None

    def convert(self, number: int, cells: Sequence[str]) -> Row | RecordError:
        """The row's record, or why not. `number` is the row's number in the file, header 1."""
        if len(cells) != self._width:
            return RecordError(
                number,
                "",
                f"The row has {len(cells)} cells, the header {self._width}.",
                "Check the delimiter, and quotes around texts that contain it.",
            )
        try:
            values = self._values(cells)
            record = msgspec.convert(values, UsageIn)
        except RowError as error:
            return RecordError(
                number, self._names.get(error.target, error.target), error.message, error.fix
            )
        except msgspec.ValidationError as error:
            return self._renamed(explain(number, b"", error))
        problem = check_record(number, record, self._now)
        if problem is not None:
            return self._renamed(problem)
        return Row(record, self._identity(cells), self._measure(cells))

    def _renamed(self, error: RecordError) -> RecordError:
        return RecordError(
            error.index, self._names.get(error.field, error.field), error.message, error.fix
        )

    def _values(self, cells: Sequence[str]) -> dict[str, Any]:
        values: dict[str, Any] = dict(self._mapping.constants)
        for position, target in self._texts:
            if text := cells[position].strip():
                values[target] = text
        values["occurred_at"] = self._instant(cells[self._time].strip())
        values["granularity"] = self._mapping.granularity
        for position, target in self._counts:
            text = cells[position].strip()
            if not amounts.is_empty(text):
                values[target] = _count(target, text)
        _split(values, "input_total", "input_uncached", _INPUT_PARTS)
        _split(values, "output_total", "output", _OUTPUT_PARTS)
        if self._cost is not None and not amounts.is_empty(cells[self._cost].strip()):
            values["cost"] = self._money(cells[self._cost].strip())
            values["currency"] = self._mapping.currency
        tags = {name: text for position, name in self._tags if (text := cells[position].strip())}
        if packed := values.pop("tags", ""):
            tags = details.as_tags(packed, tags)
        if tags:
            values["tags"] = tags
        if self._run and (run := self._run_of(cells)):
            values["run"] = run
        return values

    def _run_of(self, cells: Sequence[str]) -> dict[str, Any]:
        """What the row says about its run; nothing where the run's id is empty."""
        run: dict[str, Any] = {}
        parts: dict[str, int] = {}
        for position, target in self._run:
            text, name = cells[position].strip(), target.rpartition(".")[2]
            if amounts.is_empty(text):
                continue
            if target in PROMPT:
                parts[name] = _count(target, text)
            elif target == "run.retry":
                run[name] = _flag(target, text)
            else:
                run[name] = text.lower() if target == "run.outcome" else text
        if parts:
            run["prompt_tokens"] = parts
        return run if "id" in run else {}

    def _instant(self, text: str) -> datetime:
        try:
            return amounts.instant(text, self._zone)
        except (ValueError, OverflowError):
            raise RowError(
                "occurred_at",
                "The time is not an ISO 8601 instant." if text else "The time is missing.",
                "Write it like 2026-11-24 09:30:00 or 2026-11-24T09:30:00Z.",
            ) from None

    def _money(self, text: str) -> Decimal:
        try:
            amount = amounts.money(text)
        except ValueError:
            raise RowError(
                "cost", "The cost is not a number.", "Write it like 12.34, with a point."
            ) from None
        return amount / 100 if self._mapping.cost_unit == CostUnit.CENTS else amount

    def _identity(self, cells: Sequence[str]) -> bytes:
        """128 bits over the key columns, each with its length."""
        digest = blake2b(digest_size=16, person=b"csv row")
        for position in self._key:
            raw = cells[position].strip().encode()
            digest.update(len(raw).to_bytes(4, "big"))
            digest.update(raw)
        return digest.digest()

    def _measure(self, cells: Sequence[str]) -> int:
        """64 bits over the other columns, to order rows of one identity whatever the file's order.

        Rows of one event id are ordered as in the file: the second one is refused.
        """
        if self._by_event:
            return 0
        joined = "\x1f".join(cells[position].strip() for position in self._measured)
        return int.from_bytes(blake2b(joined.encode(), digest_size=8).digest(), "big")

    @property
    def by_event(self) -> bool:
        """Whether the file names its events itself."""
        return self._by_event


def event_id(identity: bytes, ordinal: int) -> str:
    """The record's id in the ledger; `ordinal` counts rows of one identity."""
    return f"csv:{identity.hex()}" + (f":{ordinal}" if ordinal else "")


def repeat_error(number: int) -> RecordError:
    """A second row with the same id."""
    return RecordError(
        number,
        "event_id",
        "An earlier row of the file has the same id.",
        "Keep one row per call; a correction goes into another file.",
    )


def _count(target: str, text: str) -> int:
    if _WHOLE.match(text):
        return int(text.split(".", maxsplit=1)[0])
    if _GROUPED.match(text):
        return int(text.split(".", maxsplit=1)[0].replace(",", ""))
    if text.startswith("-"):
        raise RowError(target, "The number is negative.", "Write 0 or more.")
    raise RowError(target, "This is not a whole number.", "Write tokens like 1234.")


def _flag(target: str, text: str) -> bool:
    found = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(
        text.lower()
    )
    if found is None:
        raise RowError(target, "This is neither true nor false.", "Write true or false.")
    return found


def _split(values: dict[str, Any], total: str, rest: str, parts: Sequence[str]) -> None:
    """Replace an inclusive total by what its parts leave."""
    if total not in values:
        return
    whole: int = values.pop(total)
    inner = sum(values.get(part, 0) for part in parts)
    if inner > whole:
        raise RowError(
            total,
            "The parts are more than the total.",
            "Is the total without them? Then map it to the kind without the parts.",
        )
    values[rest] = whole - inner
