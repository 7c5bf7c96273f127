"""A card that one app adds to the page of another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Panel:
    """A template, which reads `panel`, and its context."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
