"""Which inputs the form shows where. The estimator's list of fields gives labels and units."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.forms import BoundField, Form

from apps.stories.estimator.fields import BY_PATH, FieldSpec

PARTS = ("likely", "low", "high")

TABLES: dict[str, tuple[str, ...]] = {
    "volume": ("production.interactions",),
    "users": ("production.users", "production.adoption", "production.per_user"),
    "use": ("production.calls", "production.growth"),
    "tokens": (
        "production.parts.system_prompt",
        "production.parts.safety",
        "production.parts.context",
        "production.parts.history",
        "production.parts.tools",
        "production.parts.multimodal",
        "production.parts.user_text",
        "production.parts.output",
        "production.parts.reasoning",
    ),
    "rates": (
        "production.cache_hit",
        "production.cache_write",
        "production.batch_share",
        "production.retry",
    ),
    "development": (
        "development.developers",
        "development.days",
        "development.tokens_per_day",
    ),
    "building": ("development.output_share", "development.cache_hit"),
    "testing": (
        "testing.runs",
        "testing.cases",
        "testing.tokens_per_case",
        "testing.ci_runs",
        "testing.tokens_per_ci_run",
        "testing.output_share",
        "testing.cache_hit",
        "testing.batch_share",
    ),
}
CAPTIONS = {
    "volume": "How often it runs",
    "users": "People who use it",
    "use": "Each time",
    "tokens": "Tokens of one model call",
    "rates": "Caching, batches and retries",
    "development": "Effort",
    "building": "What those tokens are",
    "testing": "Testing",
}
SHOWN_PATHS = tuple(path for paths in TABLES.values() for path in paths)


def field_name(path: str, part: str) -> str:
    """The form's field for one value of an input: the API names it the same way."""
    return f"{path}.{part}"


@dataclass(frozen=True, slots=True)
class TripleRow:
    """One input as a table row."""

    spec: FieldSpec
    likely: BoundField
    low: BoundField
    high: BoundField

    @property
    def errors(self) -> list[str]:
        return [str(e) for bound in (self.low, self.likely, self.high) for e in bound.errors]

    @property
    def cells(self) -> list[tuple[str, BoundField]]:
        return [("Low", self.low), ("Likely", self.likely), ("High", self.high)]


@dataclass(frozen=True, slots=True)
class TripleTable:
    """A table of inputs."""

    name: str
    caption: str
    rows: Sequence[TripleRow]

    @property
    def has_errors(self) -> bool:
        return any(row.errors for row in self.rows)


def tables(form: Form) -> dict[str, TripleTable]:
    """Every table of the form, by name."""
    return {
        name: TripleTable(name, CAPTIONS[name], list(_rows(form, paths)))
        for name, paths in TABLES.items()
    }


def _rows(form: Form, paths: Sequence[str]) -> Iterator[TripleRow]:
    for path in paths:
        yield TripleRow(
            BY_PATH[path],
            form[field_name(path, "likely")],
            form[field_name(path, "low")],
            form[field_name(path, "high")],
        )
