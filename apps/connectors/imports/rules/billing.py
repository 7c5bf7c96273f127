"""One row of a bill: usage of tokens, or a line that stays on the bill. Pure.

A bill (FOCUS, Azure, Google Cloud, GitHub) has one amount per row and says in words what was
measured. A row goes into the ledger only if it is *usage* of *tokens* whose kind and model the row
itself names; its cost is the effective cost, reported by the provider. Everything else (purchases,
taxes, credits, corrections, other services, seats and requests) stays on the bill alone. The bill
holds every row, to compare with; it is never added to what the ledger counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from apps.common.tokens import KINDS
from apps.connectors.enums import BillPart
from apps.connectors.imports.rules import amounts, charges, details, meters, presets
from apps.connectors.imports.rules.mapping import Mapping
from apps.connectors.imports.rules.targets import TAG
from apps.connectors.push.checks import check_record
from apps.connectors.push.records import explain
from apps.ledger.schema import MAX_TEXT, MAX_TOKENS, RecordError, UsageIn

AMOUNTS = ("cost", "billed", "list_cost", "contracted_cost")
"""Effective, billed, list and contracted cost: each is checked, one of them counts."""
_TIMES = frozenset({"charge_start", "charge_end", "billing_start"})
REASONS = {
    "category": "Purchases, taxes, credits and other charges that are not usage",
    "correction": "Corrections of earlier bills",
    "negative": "Negative amounts: refunds and credits",
    "unit": "Usage that is not measured in tokens",
    "virtual": "Usage of credits or of a virtual currency",
    "meter": "Tokens whose kind the row does not name",
    "model": "Tokens of a model that the row does not name",
    "period": "Tokens of a period longer than a day",
    "uncounted": "Tokens whose number the row does not say",
    "compared": "Usage that another source counts",
}
"""Why a row stays on the bill and is not counted."""
_HOUR = timedelta(hours=1)
_ABOUT = frozenset(
    {"category", "service", "meter", "description", "sku", "model", "consumed_quantity"}
)
"""A row that says none of these and no amount is an empty period: nothing is charged."""


@dataclass(frozen=True, slots=True)
class BillLine:
    """A row on the bill: `amount` billed and `effective` after commitments, in whole units of
    `currency`, UTC day. `reason` says why it is on the bill alone, "" for usage that counts.
    `until` is the last day of a charge that covers more than its day."""

    day: date
    project_id: str
    line_item: str
    amount: Decimal
    currency: str
    reason: str
    account: str = ""
    model: str = ""
    provider: str = ""
    service: str = ""
    part: str = BillPart.OTHER.value
    until: date | None = None
    effective: Decimal = Decimal()
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class _Counted:
    """Tokens by kind that a row counts, of which model, served in which tier."""

    kinds: dict[str, int]
    model: str
    tier: str = ""

    @property
    def total(self) -> int:
        return sum(self.kinds.values())


@dataclass(frozen=True, slots=True)
class BillRow:
    """An accepted row: its line, the record that it is where it counts, and the hashes of its
    identity and its quantities.

    `amounts` are the row's own figures by name, for the sums a person compares with the bill.
    """

    record: UsageIn | None
    line: BillLine
    identity: bytes
    measure: int
    amounts: dict[str, Decimal]
    currency: str


class _Refused(ValueError):
    def __init__(self, target: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.target, self.message, self.fix = target, message, fix


class BillConverter:
    """Turns rows of one bill into records and lines. Made once per pass."""

    by_event = False

    def __init__(
        self, mapping: Mapping, header: Sequence[str], key_columns: Sequence[str], now: datetime
    ) -> None:
        self._mapping, self._now, self._width = mapping, now, len(header)
        place = {name: position for position, name in enumerate(header)}
        self._names = {target: column for column, target in mapping.columns.items()}
        self._cells = [
            (place[column], target)
            for column, target in mapping.columns.items()
            if not target.startswith(TAG)
        ]
        self._tags = [
            (place[column], target.removeprefix(TAG))
            for column, target in mapping.columns.items()
            if target.startswith(TAG)
        ]
        self._zone = ZoneInfo(mapping.timezone)
        names = presets.canonical_names(header)
        self._key = sorted((names[column], place[column]) for column in key_columns)
        self._kinds = [kind for kind in KINDS if kind in self._names]

    def convert(self, number: int, cells: Sequence[str]) -> BillRow | RecordError:
        """The row's record or line, or why it is refused. `number` counts from the header, 1."""
        if len(cells) != self._width:
            return RecordError(
                number,
                "",
                f"The row has {len(cells)} cells, the header {self._width}.",
                "Check the delimiter, and quotes around texts that contain it.",
            )
        said = dict(self._mapping.constants)
        for position, target in self._cells:
            text = cells[position].strip()
            if not amounts.is_empty(text):
                said[target] = text
        try:
            return self._row(number, said, cells)
        except _Refused as error:
            name = self._names.get(error.target, error.target)
            return RecordError(number, name, error.message, error.fix)
        except msgspec.ValidationError as error:
            return explain(number, b"", error)

    def _row(
        self, number: int, said: dict[str, str], cells: Sequence[str]
    ) -> BillRow | RecordError:
        start, end = self._period(said)
        sums = {name: self._amount(name, said[name]) for name in AMOUNTS if name in said}
        currency = said.get("currency", self._mapping.currency).upper()
        if len(currency) != 3 or not currency.isalpha():
            raise _Refused("currency", "The currency is not a code.", "Three letters, like USD.")
        cents = self._mapping.cost_unit == "cents"
        if cents:
            sums = {name: amount / 100 for name, amount in sums.items()}
        self._credit(said, sums)
        if not sums and not said.keys() & _ABOUT:
            sums["cost"] = Decimal()
        if "cost" not in sums and "billed" not in sums:
            field = "cost" if "cost" in self._names else "billed"
            raise _Refused(field, "The row has no cost.", "Write 0 where nothing is charged.")
        identity, measure = self._identity(cells), self._measure(said, sums)
        counted, reason = self._judged(said, start, end, sums)
        record = None
        if counted is not None and not reason:
            record = self._usage(said, start, end, sums, currency, cells, counted)
            problem = check_record(number, record, self._now)
            if problem is not None:
                return problem
        line = self._line(said, start, end, sums, currency, reason, counted)
        return BillRow(record, line, identity, measure, sums, currency)

    def _credit(self, said: dict[str, str], sums: dict[str, Decimal]) -> None:
        """Credits that a row states beside its cost are taken off what is billed."""
        if "credits" not in said or "cost" not in sums or "billed" in sums:
            return
        try:
            sums["billed"] = sums["cost"] + charges.credited(said["credits"])
        except ValueError:
            raise _Refused(
                "credits", "These are no credits.", 'Write them like [{"amount": -1.25}].'
            ) from None

    def _period(self, said: dict[str, str]) -> tuple[datetime, datetime | None]:
        start = self._instant("charge_start", said.get("charge_start", ""))
        text = said.get("charge_end", "")
        if not text:
            return start, None
        end = self._instant("charge_end", text)
        if end < start:
            raise _Refused("charge_end", "The charge ends before it starts.", "Check the dates.")
        return start, end

    def _instant(self, target: str, text: str) -> datetime:
        try:
            return amounts.instant(text, self._zone).astimezone(UTC)
        except (ValueError, OverflowError):
            raise _Refused(
                target,
                "This is not a date or time." if text else "The time is missing.",
                "Write it like 2026-11-24T09:00:00Z.",
            ) from None

    def _amount(self, name: str, text: str) -> Decimal:
        try:
            return amounts.money(text)
        except ValueError:
            raise _Refused(
                name, "The amount is not a number.", "Write it like 12.34, with a point."
            ) from None

    def _judged(
        self,
        said: dict[str, str],
        start: datetime,
        end: datetime | None,
        sums: dict[str, Decimal],
    ) -> tuple[_Counted | None, str]:
        """The tokens of the row where it names them, and why it stays on the bill; "" if it
        counts."""
        if charges.category_of(said) not in charges.USAGE:
            return None, "category"
        if said.get("charge_class"):
            return None, "correction"
        if any(amount < 0 for amount in sums.values()):
            return None, "negative"
        counted = self._counted(said)
        if isinstance(counted, str):
            return None, counted
        if not counted.kinds:
            return counted, "uncounted"
        if not self._granularity(start, end):
            return counted, "period"
        return counted, "compared" if self._mapping.bill_only else ""

    def _usage(
        self,
        said: dict[str, str],
        start: datetime,
        end: datetime | None,
        sums: dict[str, Decimal],
        currency: str,
        cells: Sequence[str],
        counted: _Counted,
    ) -> UsageIn:
        values: dict[str, Any] = {
            **counted.kinds,
            "occurred_at": start,
            "granularity": self._granularity(start, end),
            "provider": charges.provider_of(said),
            "model": counted.model[:MAX_TEXT],
            "service_tier": said.get("service_tier", counted.tier),
            "cost": sums["cost"] if "cost" in sums else sums["billed"],
            "currency": currency,
            "cost_basis": "provider_reported",
        }
        for name in ("account", "project_id", "project", "user", "region", "api_key", "api_key_id",
                     "unit", "capability", "repository"):  # fmt: skip
            if name in said:
                values[name] = said[name][:MAX_TEXT]
        tags = self._tags_of(said, cells)
        if tags:
            values["tags"] = tags
        return msgspec.convert(values, UsageIn)

    def _counted(self, said: dict[str, str]) -> _Counted | str:
        """Tokens by kind, model and tier; or why they cannot be said."""
        stated = {kind: self._tokens(kind, said[kind], 1) for kind in self._kinds if kind in said}
        if any(stated.values()):
            model = said.get("model", "")
            return _Counted(stated, model) if model else "model"
        unit_name = "consumed_unit" if "consumed_unit" in said else "pricing_unit"
        quantity_name = "consumed_quantity" if "consumed_quantity" in said else "pricing_quantity"
        unit, text = said.get(unit_name, ""), said.get(quantity_name, "")
        virtual = said.get("pricing_currency", "")
        money = said.get("currency", self._mapping.currency)
        if (
            virtual
            and virtual != money
            and unit.rstrip("sS").lower() == virtual.rstrip("sS").lower()
        ):
            return "virtual"
        texts = [said[name] for name in ("meter", "description", "sku") if name in said]
        scale = next(
            (found for text_ in (texts or [""]) if (found := meters.token_scale(unit, text_))), None
        )
        named = meters.spelled(said.get("model", "")) or meters.named_model(
            details.pairs(said.get("sku_details", ""))
        )
        context = " ".join(said.get(name, "") for name in ("service", "product"))
        if not unit and not text:
            return _uncounted(texts, context, named)
        if scale is None or not text:
            return "unit"
        meter = next((m for t in texts if (m := meters.read(t, context, named))), None)
        if meter is None:
            return "model" if any(meters.kind_of(t) for t in texts) else "meter"
        count = self._tokens(quantity_name, text, scale)
        return _Counted({meter.kind: count}, meter.model, meter.tier)

    def _tokens(self, target: str, text: str, scale: Decimal | int) -> int:
        try:
            count = amounts.whole(amounts.number(text) * scale)
        except (ValueError, ArithmeticError):
            raise _Refused(
                target, "This is not a whole number of tokens.", "Check the unit of the quantity."
            ) from None
        if not 0 <= count <= MAX_TOKENS:
            raise _Refused(target, "No row holds so many tokens.", "Check the unit.")
        return count

    def _granularity(self, start: datetime, end: datetime | None) -> str:
        if end is None:
            return self._mapping.granularity if self._mapping.granularity != "event" else "day"
        if end - start <= _HOUR:
            return "hour"
        return "day" if end - start <= charges.DAY else ""

    def _tags_of(self, said: dict[str, str], cells: Sequence[str]) -> dict[str, str]:
        tags = {name: text for place, name in self._tags if (text := cells[place].strip())}
        return details.as_tags(said.get("tags", ""), tags)

    def _line(
        self,
        said: dict[str, str],
        start: datetime,
        end: datetime | None,
        sums: dict[str, Decimal],
        currency: str,
        reason: str,
        counted: _Counted | None,
    ) -> BillLine:
        parts = (said.get("service", ""), said.get("description", "") or said.get("meter", ""),
                 said.get("sku", "") if not said.get("description") else "")  # fmt: skip
        item = ", ".join(dict.fromkeys(part for part in parts if part)) or "Other charges"
        if reason in {"category", "correction", "negative"} and said.get("category"):
            item = f"{said['category']}: {item}"
        if said.get("model"):
            item = f"{item}, {said['model']}"
        if currency != self._mapping.currency:
            item = f"{item[:240]} in {currency}"
        return BillLine(
            day=start.date(),
            project_id=said.get("project_id", "")[:120],
            line_item=item[:255],
            amount=sums["billed"] if "billed" in sums else sums["cost"],
            currency=currency,
            reason=reason,
            account=said.get("account", "")[:120],
            model=(counted.model if counted else said.get("model", ""))[:255],
            provider=charges.provider_of(said)[:255],
            service=said.get("service", "")[:255],
            part=charges.part_of(reason, said),
            until=charges.until(start, end),
            effective=sums["cost"] if "cost" in sums else sums["billed"],
            tokens=counted.total if counted else 0,
        )

    def _identity(self, cells: Sequence[str]) -> bytes:
        """128 bits over the key columns by their meaning, times as UTC instants: the same for CSV
        and Parquet, whatever the columns are called or how they are ordered."""
        digest = blake2b(digest_size=16, person=b"bill row")
        for name, position in self._key:
            text = cells[position].strip()
            if amounts.is_empty(text):
                continue
            if name in _TIMES:
                text = self._instant(name, text).isoformat()
            raw = text.encode()
            digest.update(name.encode() + len(raw).to_bytes(4, "big"))
            digest.update(raw)
        return digest.digest()

    def _measure(self, said: dict[str, str], sums: dict[str, Decimal]) -> int:
        """64 bits over amounts and quantities, to order rows of one identity in any file order."""
        parts = [f"{name}={amount.normalize():f}" for name, amount in sums.items()]
        counted = ("consumed_quantity", "pricing_quantity", *self._kinds)
        parts += [f"{name}={said[name]}" for name in counted if name in said]
        joined = "\x1f".join(parts).encode()
        return int.from_bytes(blake2b(joined, digest_size=8).digest(), "big")


def _uncounted(texts: Sequence[str], context: str, named: str) -> _Counted | str:
    """Tokens of a bill that states money only: their model, where the row names it and a kind."""
    if not any(meters.kind_of(text) for text in texts):
        return "unit"
    model = named or next((m for text in texts if (m := meters.model_of(text, context))), "")
    return _Counted({}, model) if model else "model"
