"""What a bill adds up to, by currency and by reason, exact to the last digit of the file. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from apps.connectors.imports.rules.billing import REASONS, BillRow


class BillTally:
    """Sums of a bill, kept as decimals and stored as texts, so that no digit is lost."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        self._reasons: dict[str, int] = dict(known.get("reasons", {}))
        self._lines = _decimals(known.get("lines", {}))
        self._usage = _decimals(known.get("usage", {}))
        self._money = {c: _decimals(sums) for c, sums in known.get("money", {}).items()}

    def add(self, row: BillRow) -> None:
        """Count a row: its own figures, and where it went."""
        sums = self._money.setdefault(row.currency, {})
        for name, amount in row.amounts.items():
            sums[name] = sums.get(name, Decimal()) + amount
        if row.record is None:
            self._reasons[row.line.reason] = self._reasons.get(row.line.reason, 0) + 1
            known = self._lines.get(row.currency, Decimal())
            self._lines[row.currency] = known + row.line.amount
        elif row.record.cost is not None:
            known = self._usage.get(row.currency, Decimal())
            self._usage[row.currency] = known + row.record.cost

    def as_json(self) -> dict[str, Any]:
        """Reasons with their rows, lines and usage by currency, and each column's own sum."""
        if not self._money:
            return {}
        return {
            "reasons": {key: self._reasons[key] for key in REASONS if key in self._reasons},
            "lines": _texts(self._lines),
            "usage": _texts(self._usage),
            "money": {currency: _texts(sums) for currency, sums in self._money.items()},
        }


def _decimals(known: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(text) for name, text in known.items()}


def _texts(sums: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: format(amount, "f") for name, amount in sums.items()}
