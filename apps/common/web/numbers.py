"""Form fields of numbers, money and months as people type them."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.common.money import to_nanos
from apps.common.numbers import parse_number, show_number


class NumberField(forms.CharField):
    """A Decimal typed with separators or a unit suffix."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        attrs = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(widget=forms.TextInput(attrs=attrs), **kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text in self.empty_values:
            return None
        try:
            return parse_number(text or "")
        except ValueError:
            raise ValidationError("Enter a number, such as 14,000 or 2.4 M.") from None

    def prepare_value(self, value: Any) -> Any:
        return show_number(value) if isinstance(value, Decimal | int) else value


class MoneyField(NumberField):
    """Nanos, typed in units of the currency."""

    def to_python(self, value: Any) -> Any:
        number = super().to_python(value)
        if number is None:
            return None
        if abs(number) > 10**9:
            raise ValidationError("Enter at most 1,000,000,000.")
        return to_nanos(number)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            return show_number(Decimal(value).scaleb(-9))
        return value


class MonthField(forms.CharField):
    """The first day of a month, typed as 2027-01."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"type": "month", "placeholder": "2027-01", "pattern": r"\d{4}-\d{2}"}
        super().__init__(widget=forms.TextInput(attrs=attrs), **kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if text in self.empty_values:
            return None
        match = re.match(r"^(\d{4})-(\d{1,2})$", text or "")
        if not match or not 1 <= int(match[2]) <= 12 or not 2020 <= int(match[1]) <= 2100:
            raise ValidationError("Enter a month as 2027-01.")
        return dt.date(int(match[1]), int(match[2]), 1)

    def prepare_value(self, value: Any) -> Any:
        return f"{value:%Y-%m}" if isinstance(value, dt.date) else value
