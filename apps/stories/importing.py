"""Stories from a table: reading CSV text and turning a row into a plan. Pure.

A row starts from a template or from nothing; every other column overrides it. An uncertain input
is one number, or low, likely and high as `10000..14000..22000`.
"""

import csv
import datetime as dt
import hashlib
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from apps.common.errors import FieldError, Invalid
from apps.common.numbers import parse_number
from apps.stories.bands import SIZES, Sizes
from apps.stories.estimator import Assumptions, MixShare, Triple
from apps.stories.estimator.fields import BY_PATH, FIELDS

MAX_ROWS = 200
MAX_CHARACTERS = 1_000_000

TEXTS = (
    "title", "team", "capability", "template", "kind", "pattern", "summary", "work_item_url",
    "unit_noun", "value_metric", "value_unit", "value_per", "value_confidence",
    "value_evidence_url", "value_why",
)  # fmt: skip
MONEY = ("cap", "value_money")
NUMBERS = ("value_baseline", "value_change", "value_adoption", "horizon")
MONTHS = ("starts_on", "live_on")
DAYS = ("value_measure_on",)
OTHERS = ("model", "size", "volume", "cache_ttl")

_SHORT = {
    "testing.runs": "test_runs",
    "testing.cases": "test_cases",
    "testing.output_share": "test_output_share",
    "testing.cache_hit": "test_cache_hit",
    "testing.batch_share": "test_batch_share",
    "development.output_share": "dev_output_share",
    "development.cache_hit": "dev_cache_hit",
}
PATH_OF: Mapping[str, str] = {
    **{
        _SHORT.get(spec.path, spec.path.rsplit(".", 1)[1]): spec.path
        for spec in FIELDS
        if spec.path != "development.size_tokens"
    },
    **{spec.path: spec.path for spec in FIELDS},
}
"""Columns of uncertain inputs: a short name and the input's full path."""

_COLUMN_OF = {path: name for name, path in PATH_OF.items() if "." not in name}
_RENAMED = {"unit": "team", "production.mix": "model", "production.horizon_months": "horizon"}
COLUMNS = (
    *TEXTS, *MONEY, *NUMBERS, *MONTHS, *DAYS, *OTHERS,
    *(name for name in PATH_OF if "." not in name),
)  # fmt: skip
_KNOWN = frozenset({*COLUMNS, *PATH_OF})
_ALIASES = {"name": "title", "unit": "team", "monthly_cap": "cap", "tokens_per_call": "context"}
EXAMPLE = (
    ("title", "team", "template", "model", "interactions", "calls", "cap", "value_metric",
     "value_change", "value_money", "value_why"),
    ("Claims triage copilot", "Claims", "agent", "", "10000..14000..22000", "4..6..9", "4000",
     "Handling time", "4.5", "0.70", "Six adjusters tried it."),
    ("Policy chat", "Claims", "chatbot", "", "", "", "900", "Calls avoided", "0.2", "6.40",
     "A fifth of the chats replace a call."),
)  # fmt: skip


@dataclass(slots=True)
class Row:
    """One line of the file. ``line`` is as a text editor counts; ``digest`` tells rows apart."""

    line: int
    cells: dict[str, str]
    errors: list[FieldError] = field(default_factory=list)

    @property
    def digest(self) -> str:
        canonical = json.dumps(sorted(self.cells.items()), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def refuse(self, name: str, message: str, fix: str = "") -> None:
        self.errors.append(FieldError(name, message, fix))


def in_columns(row: Row) -> list[FieldError]:
    """The row's errors under the names of its columns, each once."""
    found = {}
    for error in row.errors:
        path = error.field
        if path.rsplit(".", 1)[-1] in ("low", "likely", "high"):
            path = path.rsplit(".", 1)[0]
        name = _RENAMED.get(path, _COLUMN_OF.get(path, path))
        if path in row.cells:
            name = path
        found[name, error.message] = FieldError(name, error.message, error.fix)
    return list(found.values())


def read_table(text: str) -> list[Row]:
    """Rows of a CSV text; commas, semicolons or tabs. Empty cells and empty lines are left out.

    Raises Invalid when the table as a whole cannot be read: no rows, too many, unknown columns.
    """
    if len(text) > MAX_CHARACTERS:
        raise Invalid(
            "The file is too large.", field="file", fix=f"Send at most {MAX_ROWS} rows at once."
        )
    if "\x00" in text:
        raise Invalid("The file is not text.", field="file", fix="Save it as CSV in UTF-8.")
    plain = text.lstrip("\ufeff")
    first = plain.split("\n", 1)[0]
    mark = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(plain, newline=""), delimiter=mark, strict=True)
    try:
        header = [_column(cell) for cell in next(reader, [])]
        _check_header(header)
        rows = list(_rows(reader, header))
    except csv.Error as error:
        raise Invalid(
            f"Line {reader.line_num}: {error}.", field="file", fix="Mend the quotes and try again."
        ) from error
    if not rows:
        raise Invalid("The file holds no stories.", field="file", fix="Add a line for each story.")
    if len(rows) > MAX_ROWS:
        raise Invalid(
            f"The file holds {len(rows)} stories.", field="file", fix=f"At most {MAX_ROWS} a file."
        )
    return rows


def _column(cell: str) -> str:
    name = re.sub(r"[\s-]+", "_", cell.strip().lower())
    return _ALIASES.get(name, name)


def _check_header(header: Sequence[str]) -> None:
    unknown = [name for name in header if name and name not in _KNOWN]
    doubled = {name for name in header if name and header.count(name) > 1}
    errors = [
        FieldError(name, f"There is no column {name}.", "Leave it out, or rename it.")
        for name in unknown
    ]
    errors += [
        FieldError(name, f"The column {name} comes twice.", "Keep one of them.")
        for name in sorted(doubled)
    ]
    if not header or "title" not in header:
        errors.append(FieldError("title", "There is no column title.", "Add one with the names."))
    if errors:
        raise Invalid("The columns cannot be read.", code="columns_invalid", errors=errors)


def _rows(reader: Any, header: Sequence[str]) -> Iterator[Row]:
    before = reader.line_num
    for cells in reader:
        line, before = before + 1, reader.line_num
        named = {
            name: cell.strip()
            for name, cell in zip(header, cells, strict=False)
            if name and cell.strip()
        }
        if not named:
            continue
        row = Row(line, named)
        if len(cells) > len(header):
            row.refuse("title", "The line has more cells than the header.", "Quote the commas.")
        yield row


@dataclass(frozen=True, slots=True)
class Base:
    """What a row starts from: the template's assumptions and what it says about the story."""

    assumptions: Assumptions
    fields: Mapping[str, str]


def plan_fields(row: Row, base: Base, *, sizes: Sizes, models: Any) -> dict[str, Any]:
    """Values of a plan from a row; what is wrong is noted on the row.

    ``models`` resolves "provider/model" to a pair. Team and capability are left to the caller.
    """
    values: dict[str, Any] = dict(base.fields)
    for name in TEXTS:
        if name in row.cells and name not in ("team", "capability", "template"):
            values[name] = row.cells[name]
    for name in (*MONEY, *NUMBERS):
        if name in row.cells:
            number = _number(row, name, row.cells[name])
            if number is not None:
                values[name] = number
    if "value_measure_on" in row.cells:
        values["value_measure_on"] = _day(row, "value_measure_on", row.cells["value_measure_on"])
    values["assumptions"] = _assumptions(row, base.assumptions, values, sizes, models)
    return values


def _assumptions(
    row: Row, a: Assumptions, values: dict[str, Any], sizes: Sizes, models: Any
) -> Assumptions:
    document = msgspec.to_builtins(a)
    given = {path: row.cells[name] for name, path in PATH_OF.items() if name in row.cells}
    for path, text in given.items():
        triple = _triple(row, path, text)
        if triple is not None:
            _put(document, path, msgspec.to_builtins(triple))
    production = document["production"]
    _volume(row, production, given)
    if row.cells.get("cache_ttl") in ("5m", "1h"):
        production["cache_ttl"] = row.cells["cache_ttl"]
    if "horizon" in values:
        production["horizon_months"] = int(values.pop("horizon"))
    if "model" in row.cells:
        production["mix"] = [msgspec.to_builtins(s) for s in _mix(row, row.cells["model"], models)]
    _size(row, document["development"], sizes, by_effort="development.developers" in given)
    for name in MONTHS:
        month = _month(row, name, row.cells[name]) if name in row.cells else None
        if month is not None:
            document[name] = month.isoformat()
    if "unit_noun" in values:
        document["unit_noun"] = values.pop("unit_noun")
    try:
        return msgspec.convert(document, Assumptions, strict=False)
    except msgspec.ValidationError as error:
        row.refuse("title", f"The numbers do not fit: {error}.", "Look at the line again.")
        return a


def _volume(row: Row, production: dict[str, Any], given: Mapping[str, str]) -> None:
    """What the volume is counted from: what the row gives, unless it says so itself."""
    if "production.users" in given or "production.per_user" in given:
        production["volume"] = "users"
    elif "production.interactions" in given:
        production["volume"] = "interactions"
    if row.cells.get("volume") in ("users", "interactions"):
        production["volume"] = row.cells["volume"]


def _size(row: Row, development: dict[str, Any], sizes: Sizes, *, by_effort: bool) -> None:
    if by_effort:
        development["basis"] = "effort"
    size = row.cells.get("size", "").upper()
    if not size:
        return
    if size not in SIZES:
        row.refuse("size", f"{size} is not a size.", f"Use {', '.join(SIZES)}.")
        return
    development |= {
        "basis": "size",
        "size": size,
        "size_tokens": msgspec.to_builtins(sizes[size].triple),
    }


def _put(document: dict[str, Any], path: str, value: Any) -> None:
    *names, last = path.split(".")
    for name in names:
        document = document.setdefault(name, {})
    document[last] = value


def _triple(row: Row, path: str, text: str) -> Triple | None:
    parts = [part for part in text.split("..") if part.strip()]
    if len(parts) not in (1, 3):
        row.refuse(path, f"{BY_PATH[path].label}: {text} is not one number or three.",
                   "Write 14000, or 10000..14000..22000.")  # fmt: skip
        return None
    numbers = [_number(row, path, part) for part in parts]
    if any(number is None for number in numbers):
        return None
    if len(numbers) == 1:
        return Triple(likely=numbers[0] or Decimal(0))
    low, likely, high = numbers
    return Triple(likely=likely or Decimal(0), low=low, high=high)


def _number(row: Row, name: str, text: str) -> Decimal | None:
    try:
        return parse_number(text)
    except ValueError:
        row.refuse(name, f"{text} is not a number.", "Write 14000, 2.4M or 35%.")
        return None


def _month(row: Row, name: str, text: str) -> dt.date | None:
    match = re.match(r"^(20\d\d)-(\d{1,2})(-\d{1,2})?$", text)
    if not match or not 1 <= int(match[2]) <= 12:
        row.refuse(name, f"{text} is not a month.", "Write 2027-01.")
        return None
    return dt.date(int(match[1]), int(match[2]), 1)


def _day(row: Row, name: str, text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        row.refuse(name, f"{text} is not a date.", "Write 2027-04-30.")
        return None


def _mix(row: Row, text: str, models: Any) -> list[MixShare]:
    """`openai/gpt-5`, or several with their share: `openai/gpt-5 70; openai/gpt-5-mini 30`."""
    found = []
    parts = [part.strip() for part in re.split(r"[;|]", text) if part.strip()]
    for part in parts:
        name, _, share = part.rpartition(" ")
        if not name:
            name, share = part, "100"
        number = _number(row, "model", share)
        if number is None:
            return []
        provider, model = models(name)
        found.append(MixShare(provider, model, number))
    return found
