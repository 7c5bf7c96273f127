"""Rows of models with their share of calls, as many as a plan has and one to add."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms

from apps.common.web.numbers import NumberField
from apps.stories.estimator import MixShare
from apps.stories.estimator.checks import MAX_MODELS
from apps.stories.selectors.models_used import resolve_model

MODEL_LIST = "model-names"
PREFIXES = {"production": "mix", "development": "development.mix", "testing": "testing.mix"}
LEAST = {"production": 3, "development": 1, "testing": 1}
NAMES = {
    "production": "Model",
    "development": "Model for building",
    "testing": "Model for testing",
}


def rows_needed(phase: str, source: Any) -> int:
    """Rows for what was posted or is stored, at least LEAST, at most MAX_MODELS."""
    prefix = PREFIXES[phase]
    used = [n for n in range(MAX_MODELS) if source and source.get(f"{prefix}.{n}.model")]
    return min(MAX_MODELS, max(LEAST[phase], len(used) and used[-1] + 1))


def add_rows(form: forms.Form, phase: str, count: int) -> None:
    """The fields of a phase's models."""
    prefix, label = PREFIXES[phase], NAMES[phase]
    for row in range(count):
        name = label if row == 0 else f"{label} {row + 1}"
        form.fields[f"{prefix}.{row}.model"] = forms.CharField(
            label=name,
            max_length=200,
            required=False,
            widget=forms.TextInput(attrs={"list": MODEL_LIST, "autocomplete": "off"}),
        )
        form.fields[f"{prefix}.{row}.share"] = NumberField(label=f"{name}, share")


def rows(form: forms.Form, phase: str) -> list[tuple[Any, Any]]:
    """Bound model and share of each row."""
    prefix = PREFIXES[phase]
    found: list[tuple[Any, Any]] = []
    while f"{prefix}.{len(found)}.model" in form.fields:
        n = len(found)
        found.append((form[f"{prefix}.{n}.model"], form[f"{prefix}.{n}.share"]))
    return found


def read(data: dict[str, Any], phase: str) -> Iterator[MixShare]:
    """The shares that were entered; one model alone answers every call."""
    prefix = PREFIXES[phase]
    chosen = [
        (data.get(f"{prefix}.{row}.model"), data.get(f"{prefix}.{row}.share"))
        for row in range(MAX_MODELS)
    ]
    named = [(key, share) for key, share in chosen if key]
    for key, share in named:
        provider, model = resolve_model(key)
        only = Decimal(100) if len(named) == 1 and share is None else Decimal(0)
        yield MixShare(provider, model, only if share is None else share)


def initial(phase: str, mix: tuple[MixShare, ...]) -> dict[str, Any]:
    """Initial data of a phase's rows; rows without a model are emptied."""
    prefix = PREFIXES[phase]
    found: dict[str, Any] = {}
    for row in range(max(LEAST[phase], len(mix))):
        share = mix[row] if row < len(mix) else None
        found[f"{prefix}.{row}.model"] = f"{share.provider}/{share.model}" if share else ""
        found[f"{prefix}.{row}.share"] = share.share if share else None
    return found
