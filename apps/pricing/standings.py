"""Where models stand in an organization: standard, allowed, restricted, not allowed. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from apps.pricing.enums import Standing

ORDER = tuple(Standing)
TONES = {
    Standing.STANDARD: "ok",
    Standing.ALLOWED: "",
    Standing.UNDECIDED: "",
    Standing.RESTRICTED: "warn",
    Standing.NOT_ALLOWED: "bad",
}


@dataclass(frozen=True, slots=True)
class Standings:
    """What an organization has said, by provider and model; an empty model is the whole provider.

    The model's own word goes before its provider's.
    """

    said: Mapping[tuple[str, str], Standing] = field(default_factory=dict)

    def of(self, provider: str, model: str) -> Standing:
        own = self.said.get((provider, model))
        return own or self.said.get((provider, ""), Standing.UNDECIDED)

    def worst(self, models: Iterable[tuple[str, str]]) -> Standing | None:
        """The worst standing of a mix; None without models, and while nothing was ever decided."""
        found = [self.of(*pair) for pair in models]
        if not found or not self.said:
            return None
        return max(found, key=ORDER.index)
