"""Serializer fields shared by the API."""

from copy import deepcopy
from decimal import Decimal, InvalidOperation
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction
from rest_framework import serializers

from apps.common.money import from_nanos, to_nanos

LARGEST = Decimal(9_223_372_036)
"""Whole units whose nanos still fit a bigint."""

MONEY_SCHEMA = {
    "type": "object",
    "properties": {
        "nanos": {"type": "integer", "format": "int64", "description": "10⁻⁹ of the unit"},
        "currency": {"type": "string", "example": "USD"},
        "amount": {"type": "string", "example": "12.34"},
    },
    "required": ["nanos", "currency", "amount"],
}


_AMOUNT = "a decimal string; a JSON number would lose cents"


class MoneyExtension(OpenApiSerializerFieldExtension):
    """Money reads as an object and may be written as a decimal string."""

    target_class = "apps.common.api.fields.MoneyField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        if direction == "response":
            return deepcopy(MONEY_SCHEMA)
        amount = {"type": "string", "description": _AMOUNT, "example": "12.34"}
        parts = deepcopy(MONEY_SCHEMA["properties"])
        return {"oneOf": [amount, {"type": "object", "properties": parts}]}


def money(nanos: int | None, currency: str) -> dict[str, Any] | None:
    """An amount as the API shows it; None stays null (missing is not zero)."""
    if nanos is None:
        return None
    return {"nanos": nanos, "currency": currency, "amount": format(from_nanos(nanos), "f")}


class MoneyField(serializers.Field):
    """A `*_nanos` attribute with the currency of the object's `currency` attribute.

    Reading gives nanos, currency and the exact decimal amount. Writing accepts a decimal string
    (`"12.34"`), or an object with `amount` or `nanos`; a JSON float is refused.
    """

    default_error_messages = {
        "float": 'a JSON number loses cents: send the amount as a string, such as "12.34"',
        "invalid": 'not an amount: send a decimal string, such as "12.34"',
        "negative": "the amount is negative: send zero or more",
        "large": "the amount is larger than 9 billion units",
    }
    currency_attribute = "currency"

    def get_attribute(self, instance: Any) -> Any:
        return super().get_attribute(instance), getattr(instance, self.currency_attribute, "USD")

    def to_representation(self, value: tuple[int | None, str]) -> dict[str, Any] | None:
        return money(*value)

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, dict):
            if isinstance(data.get("nanos"), int):
                return self._checked(data["nanos"])
            data = data.get("amount")
        if isinstance(data, float):
            self.fail("float")
        try:
            amount = Decimal(str(data))
        except InvalidOperation:
            self.fail("invalid")
        if not amount.is_finite():
            self.fail("invalid")
        if abs(amount) > LARGEST:
            self.fail("large")
        return self._checked(to_nanos(amount))

    def _checked(self, nanos: int) -> int:
        if nanos < 0:
            self.fail("negative")
        if nanos >= 1 << 63:
            self.fail("large")
        return nanos
