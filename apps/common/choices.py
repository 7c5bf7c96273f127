"""Enumerations that carry a label a person reads. Plain Python: pure rules import them."""

from enum import StrEnum
from typing import Self


class Choice(StrEnum):
    """`LOWER_CAP = "lower_cap", "Approve with a lower cap"`; the label defaults to the value."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label or value.replace("_", " ").capitalize()
        return member

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Pairs for a model or form field."""
        return [(member.value, member.label) for member in cls]
