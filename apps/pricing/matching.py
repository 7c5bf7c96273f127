"""Which model of the price book a source's raw model string means.

The clauses and their order are those of genai-prices, stored as JSON in the catalogue: the first
provider, then its first model whose clause matches, then the providers it falls back to, then the
same with a compact date (`-20251211`) written with dashes.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

Match = Callable[[str], bool]
_COMPACT_DATE = re.compile(r"(-)(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")
_CACHE_LIMIT = 50_000


def compile_clause(clause: dict[str, Any]) -> Match:
    """A predicate over a lower-case string; ValueError for a clause of an unknown kind."""
    ((kind, value),) = clause.items()
    if kind in ("or", "and"):
        parts = [compile_clause(part) for part in value]
        return _any_of(parts) if kind == "or" else _all_of(parts)
    if kind == "regex":
        pattern = re.compile(value)
        return lambda text: pattern.search(text) is not None
    lowered = value.lower()
    match kind:
        case "equals":
            return lambda text: text == lowered
        case "starts_with":
            return lambda text: text.startswith(lowered)
        case "ends_with":
            return lambda text: text.endswith(lowered)
        case "contains":
            return lambda text: lowered in text
    raise ValueError(f"unknown match clause {kind!r}")


def _any_of(parts: Sequence[Match]) -> Match:
    return lambda text: any(part(text) for part in parts)


def _all_of(parts: Sequence[Match]) -> Match:
    return lambda text: all(part(text) for part in parts)


def with_dashed_date(model: str) -> str:
    """`gpt-5.2-20251211` as `gpt-5.2-2025-12-11`; anything else unchanged."""

    def dashed(match: re.Match[str]) -> str:
        year, month, day = (int(match.group(index)) for index in range(2, 5))
        try:
            return f"-{date(year, month, day).isoformat()}"
        except ValueError:
            return match.group(0)

    return _COMPACT_DATE.sub(dashed, model)


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model of the catalogue with its compiled clause."""

    provider: str
    id: str
    match: Match


@dataclass(frozen=True, slots=True)
class ProviderEntry:
    """One provider with its models in catalogue order."""

    id: str
    models: tuple[ModelEntry, ...]
    provider_match: Match | None = None
    model_match: Match | None = None
    fallbacks: tuple[str, ...] = ()


@dataclass(slots=True)
class Directory:
    """Finds providers and models by the strings sources use."""

    providers: tuple[ProviderEntry, ...]
    _by_id: dict[str, ProviderEntry] = field(init=False)
    _found: dict[tuple[str, str], tuple[ProviderEntry, ModelEntry] | None] = field(
        init=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        self._by_id = {provider.id: provider for provider in self.providers}

    def provider(self, name: str) -> ProviderEntry | None:
        """By id, else by the provider's own clause."""
        wanted = name.lower().strip()
        if wanted in self._by_id:
            return self._by_id[wanted]
        return next(
            (p for p in self.providers if p.provider_match and p.provider_match(wanted)), None
        )

    def find(self, provider: str, model: str) -> tuple[ProviderEntry, ModelEntry] | None:
        """Provider and model, or None when either is unknown. An empty provider is inferred."""
        key = (provider, model)
        if key not in self._found:
            if len(self._found) >= _CACHE_LIMIT:
                self._found.clear()
            self._found[key] = self._find(provider, model.lower())
        return self._found[key]

    def _find(self, provider: str, model: str) -> tuple[ProviderEntry, ModelEntry] | None:
        if provider.lower() == "litellm" and "/" in model:
            prefix, rest = model.split("/", 1)
            if prefix and self.provider(prefix):
                provider, model = prefix, rest
        entry = self.provider(provider) if provider else None
        if entry is None and (not provider or provider.lower() == "litellm"):
            entry = next(
                (p for p in self.providers if p.model_match and p.model_match(model)), None
            )
        if entry is None:
            return None
        found = self._match(entry, model)
        if found is None and (dashed := with_dashed_date(model)) != model:
            found = self._match(entry, dashed)
        return (entry, found) if found else None

    def _match(self, entry: ProviderEntry, model: str) -> ModelEntry | None:
        for source in (entry, *(self._by_id[f] for f in entry.fallbacks if f in self._by_id)):
            for candidate in source.models:
                if candidate.match(model):
                    return candidate
        return None
