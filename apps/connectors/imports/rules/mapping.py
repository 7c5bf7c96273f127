"""What the columns of a file mean: a checked mapping. Pure."""

import re
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apps.common.errors import FieldError, Invalid
from apps.common.tokens import KINDS
from apps.connectors.imports.enums import CostUnit
from apps.connectors.imports.rules.mending import own_columns
from apps.connectors.imports.rules.targets import (
    BILL_TARGETS,
    DIMENSIONS,
    GRANULARITIES,
    KINDS_OF_FILE,
    MEASURES,
    PROMPT,
    RUN,
    TAG,
    TARGETS,
)

_TAG_NAME = re.compile(r"^[\w.\-:/ ]{1,64}$")
_CURRENCY = re.compile(r"^[A-Z]{3}$")


@dataclass(frozen=True, slots=True)
class Mapping:
    """Columns to targets, constants for what the file does not say, and how values are written.

    `kind` says how rows are read: "usage" has token counts in columns, "bill" has one charge per
    row (`rules.billing`). `preset` names the export it was recognised as, "" for none. `bill_only`
    keeps usage of a bill out of the ledger, because another source counts it.
    """

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    granularity: str = "event"
    timezone: str = "UTC"
    currency: str = "USD"
    cost_unit: str = CostUnit.UNITS.value
    kind: str = "usage"
    preset: str = ""
    bill_only: bool = False

    @property
    def is_bill(self) -> bool:
        return self.kind == "bill"

    @property
    def targets(self) -> dict[str, str]:
        """What columns of this kind of file can mean."""
        return BILL_TARGETS if self.is_bill else TARGETS

    def column_of(self, target: str) -> str | None:
        return next((column for column, found in self.columns.items() if found == target), None)

    def as_json(self) -> dict[str, Any]:
        return {
            "columns": self.columns,
            "constants": self.constants,
            "granularity": self.granularity,
            "timezone": self.timezone,
            "currency": self.currency,
            "cost_unit": self.cost_unit,
            "kind": self.kind,
            "preset": self.preset,
            "bill_only": self.bill_only,
        }

    @classmethod
    def from_json(cls, data: AnyMapping[str, Any]) -> "Mapping":
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        return cls(**known)

    def default_key(self, header: Sequence[str]) -> list[str]:
        """The columns that make a row's identity: the id, else all that are no measure."""
        if event := self.column_of("event_id"):
            return [event]
        said = {*MEASURES, *RUN, *PROMPT}
        return [name for name in own_columns(header) if self.columns.get(name, "") not in said]


def check(mapping: Mapping, header: Sequence[str]) -> Mapping:
    """The mapping without empty entries. Invalid names each problem with its fix."""
    columns = {c: t for c, t in mapping.columns.items() if t}
    constants = {t: v.strip() for t, v in mapping.constants.items() if v and v.strip()}
    targets = list(columns.values())
    errors = _wrong_columns(columns, mapping.targets, header)
    for target in {t for t in targets if targets.count(t) > 1}:
        label = mapping.targets.get(target, target)
        errors.append(FieldError("columns", f"Two columns are mapped to “{label}”.", "Keep one."))
    missing = _missing_of_bill(targets) if mapping.is_bill else _missing(targets, constants)
    errors += missing + _doubled(targets, constants)
    errors += _runs(targets, mapping.granularity) + _wrong_writing(mapping)
    if errors:
        raise Invalid(errors[0].message, errors=errors)
    return replace(mapping, columns=columns, constants=constants)


def _wrong_columns(
    columns: AnyMapping[str, str], known: AnyMapping[str, str], header: Sequence[str]
) -> list[FieldError]:
    errors = []
    for column, target in columns.items():
        if column not in header:
            errors.append(
                FieldError("columns", f"The file has no column “{column[:60]}”.", "Map another.")
            )
        elif target.startswith(TAG):
            if not _TAG_NAME.match(target.removeprefix(TAG)):
                errors.append(FieldError("columns", "A tag needs a name.", "tag:team, say."))
        elif target not in known:
            errors.append(FieldError("columns", f"“{target[:60]}” is no target.", ""))
    return errors


def _wrong_writing(mapping: Mapping) -> list[FieldError]:
    errors = []
    if mapping.kind not in KINDS_OF_FILE:
        errors.append(FieldError("kind", "Unknown kind of file.", "usage or bill"))
    if mapping.granularity not in GRANULARITIES:
        errors.append(FieldError("granularity", "Unknown granularity.", "event, hour or day"))
    if not _CURRENCY.match(mapping.currency):
        errors.append(FieldError("currency", "A currency is three capital letters.", "USD"))
    if mapping.cost_unit not in [unit.value for unit in CostUnit]:
        errors.append(FieldError("cost_unit", "Unknown unit of cost.", "units or cents"))
    try:
        ZoneInfo(mapping.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        errors.append(FieldError("timezone", "Unknown time zone.", "UTC or Europe/Berlin, say."))
    return errors


def _missing(targets: Sequence[str], constants: AnyMapping[str, str]) -> list[FieldError]:
    errors = []
    if "occurred_at" not in targets:
        errors.append(
            FieldError("columns", "No column is mapped to the time.", "Choose the time column.")
        )
    errors += [
        FieldError(
            name,
            f"The {name} is missing.",
            f"Map a column to it, or write the {name} that all rows have.",
        )
        for name in ("provider", "model")
        if name not in targets and name not in constants
    ]
    counted = {*KINDS, "input_total", "output_total", "cost", "requests"}
    if not counted & set(targets):
        errors.append(
            FieldError("columns", "No column holds tokens, calls or cost.", "Map at least one.")
        )
    return errors


def _runs(targets: Sequence[str], granularity: str) -> list[FieldError]:
    said = [target for target in targets if target in RUN or target in PROMPT]
    if not said:
        return []
    if granularity != "event":
        return [
            FieldError(
                "granularity", "Buckets of calls belong to no run.", "Leave the run columns out."
            )
        ]
    if "run.id" not in targets:
        return [
            FieldError(
                "columns",
                f"“{TARGETS[said[0]]}” needs the run's id.",
                "Map the column that holds it.",
            )
        ]
    return []


def _missing_of_bill(targets: Sequence[str]) -> list[FieldError]:
    errors = []
    if "charge_start" not in targets:
        errors.append(
            FieldError(
                "columns",
                "No column is mapped to the start of the charge period.",
                "Choose the column with the date of the charge.",
            )
        )
    if not {"cost", "billed"} & set(targets):
        errors.append(
            FieldError("columns", "No column holds the cost.", "Map the effective or billed cost.")
        )
    return errors


def _doubled(targets: Sequence[str], constants: AnyMapping[str, str]) -> list[FieldError]:
    errors = [
        FieldError(name, f"The {DIMENSIONS[name].lower()} is mapped and written.", "Keep one.")
        for name in constants
        if name in targets and name in DIMENSIONS
    ]
    errors += [
        FieldError("columns", f"“{name}” cannot be written for all rows.", "")
        for name in constants
        if name not in DIMENSIONS or name == "tags"
    ]
    for total, part in (("input_total", "input_uncached"), ("output_total", "output")):
        if total in targets and part in targets:
            errors.append(
                FieldError(
                    "columns",
                    f"“{MEASURES[total]}” and “{MEASURES[part]}” say the same twice.",
                    "Map one of them.",
                )
            )
    return errors
