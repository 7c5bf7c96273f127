"""One form for filing, editing and pricing a story. Its cleaned data becomes a PlanInput."""

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from django import forms

from apps.portfolio.enums import CapabilityKind
from apps.stories.enums import Confidence, ValuePer
from apps.stories.estimator import Assumptions, MixShare, Triple
from apps.stories.estimator.fields import BY_PATH, FIELDS, value_at
from apps.stories.estimator.inputs import (
    MAX_HORIZON_MONTHS,
    Development,
    Parts,
    Production,
    Testing,
)
from apps.stories.rules import SIZE_TOKENS
from apps.stories.selectors.models_used import resolve_model
from apps.stories.services.plan import PlanInput
from apps.stories.web.forms.layout import PARTS, SHOWN_PATHS, field_name, tables
from apps.stories.web.forms.numbers import MoneyField, MonthField, NumberField, show_number

MIX_ROWS = 3
MODEL_LIST = "model-names"
KIND_HINTS = {
    "production": "Customers or staff use it",
    "development": "Helps engineers build",
    "pipeline": "Runs on a schedule",
    "analytics": "Chat and analytics tools",
}
BASES = [("effort", "By effort"), ("size", "By size"), ("none", "Nothing to build")]
SIZES = [("", "–"), ("S", "S"), ("M", "M"), ("L", "L"), ("XL", "XL"), ("?", "? A spike first")]
VOLUMES = [("interactions", "I know how often it runs"), ("users", "I know how many people use it")]


class StoryForm(forms.Form):
    """``tables`` groups the low, likely and high inputs; ``plan()`` gives the input of services."""

    title = forms.CharField(label="Name", max_length=160)
    capability = forms.ChoiceField(label="Capability", required=False)
    unit = forms.ChoiceField(label="Team")
    kind = forms.ChoiceField(
        label="Consumption category",
        choices=CapabilityKind.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    summary = forms.CharField(
        label="What it does",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": "2"}),
    )
    work_item_url = forms.CharField(label="Work item", max_length=500, required=False)
    starts_on = MonthField(label="Building starts")
    live_on = MonthField(label="Go-live")

    volume_basis = forms.ChoiceField(
        label="Where the volume comes from", choices=VOLUMES, required=False
    )
    unit_noun = forms.CharField(label="One interaction is a", max_length=40, required=False)
    horizon = NumberField(label="Months to plan for")
    cache_ttl = forms.ChoiceField(
        label="Cache lifetime", choices=[("5m", "5 minutes"), ("1h", "1 hour")], required=False
    )

    dev_basis = forms.ChoiceField(label="Development", choices=BASES, required=False)
    dev_size = forms.ChoiceField(label="Size", choices=SIZES, required=False)

    value_metric = forms.CharField(label="Value metric", max_length=120, required=False)
    value_unit = forms.CharField(label="Measured in", max_length=60, required=False)
    value_baseline = NumberField(label="Today")
    value_change = NumberField(label="Expected change")
    value_per = forms.ChoiceField(label="Counted", choices=ValuePer.choices(), required=False)
    value_adoption = NumberField(label="Adoption")
    value_money = MoneyField(label="Worth per unit")
    value_confidence = forms.ChoiceField(
        label="Confidence", choices=[("", "–"), *Confidence.choices()], required=False
    )
    value_measure_on = forms.DateField(
        label="Measured on", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    value_owner = forms.ChoiceField(label="Who reports it", required=False)
    value_evidence_url = forms.CharField(label="Evidence", max_length=500, required=False)
    value_why = forms.CharField(
        label="Why you believe it",
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": "3"}),
    )
    cap = MoneyField(label="Monthly cap, production")

    def __init__(
        self,
        *args: Any,
        capabilities: Sequence[tuple[str, str]],
        units: Sequence[tuple[str, str]],
        people: Sequence[tuple[str, str]],
        lenient: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._choose("capability", [("", "Not listed: name it now"), *capabilities])
        self._choose("unit", [("", "Choose a team"), *units])
        self._choose("value_owner", [("", "–"), *people])
        self.fields["kind"].hints = KIND_HINTS  # type: ignore[attr-defined]
        for path in SHOWN_PATHS:
            for part in PARTS:
                label = BY_PATH[path].label
                text = label if part == "likely" else f"{label}, {part}"
                self.fields[field_name(path, part)] = NumberField(label=text)
        for row in range(MIX_ROWS):
            name = "Model" if row == 0 else f"Model {row + 1}"
            self.fields[f"mix.{row}.model"] = forms.CharField(
                label=name,
                max_length=200,
                required=False,
                widget=forms.TextInput(attrs={"list": MODEL_LIST, "autocomplete": "off"}),
            )
            self.fields[f"mix.{row}.share"] = NumberField(label=f"{name}, share")
        if lenient:
            for name in ("title", "unit"):
                self.fields[name].required = False

    def _choose(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- declared above
        field.choices = list(choices)

    @property
    def tables(self) -> dict[str, Any]:
        return tables(self)

    @property
    def mix_rows(self) -> list[tuple[Any, Any]]:
        return [(self[f"mix.{row}.model"], self[f"mix.{row}.share"]) for row in range(MIX_ROWS)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("capability") and not data.get("kind") and "kind" in self.data:
            self.add_error("kind", "Choose what tokens will be used for.")
        return data

    def assumptions(self) -> Assumptions:
        """The estimator's document of valid data. Empty inputs are zero, empty bounds certain."""
        data = self.cleaned_data
        parts = {name: self._triple(f"production.parts.{name}") for name in Parts.__struct_fields__}
        size: Any = data.get("dev_size") or ""
        basis: Any = data.get("dev_basis") or "none"
        return Assumptions(
            starts_on=data["starts_on"],
            live_on=data["live_on"],
            unit_noun=(data.get("unit_noun") or "interaction").strip(),
            production=Production(
                volume=data.get("volume_basis") or "interactions",
                parts=Parts(**parts),
                cache_ttl=data.get("cache_ttl") or "5m",
                horizon_months=int(data.get("horizon") or 12),
                mix=tuple(self._mix()),
                **self._triples("production"),
            ),
            development=Development(
                basis=basis,
                size=size if basis == "size" else "",
                size_tokens=SIZE_TOKENS.get(size, Triple()) if basis == "size" else Triple(),
                **self._triples("development"),
            ),
            testing=Testing(**self._triples("testing")),
        )

    def _triples(self, phase: str) -> dict[str, Any]:
        return {
            spec.path.split(".", 1)[1]: self._triple(spec.path)
            for spec in FIELDS
            if spec.phase == phase and spec.path in SHOWN_PATHS and spec.path.count(".") == 1
        }

    def _triple(self, path: str) -> Triple:
        data = self.cleaned_data
        return Triple(
            likely=data.get(field_name(path, "likely")) or Decimal(0),
            low=data.get(field_name(path, "low")),
            high=data.get(field_name(path, "high")),
        )

    def _mix(self) -> Iterator[MixShare]:
        chosen = [
            (self.cleaned_data.get(f"mix.{row}.model"), self.cleaned_data.get(f"mix.{row}.share"))
            for row in range(MIX_ROWS)
        ]
        named = [(key, share) for key, share in chosen if key]
        for key, share in named:
            provider, model = resolve_model(key)
            only = Decimal(100) if len(named) == 1 and share is None else Decimal(0)
            yield MixShare(provider, model, only if share is None else share)

    def plan(self) -> PlanInput:
        """What to store. Raises KeyError unless the form is valid."""
        data = self.cleaned_data
        return PlanInput(
            title=data["title"],
            unit_id=UUID(data["unit"]),
            assumptions=self.assumptions(),
            kind=data.get("kind") or CapabilityKind.PRODUCTION.value,
            capability_id=_uuid(data.get("capability")),
            summary=data["summary"],
            work_item_url=data["work_item_url"],
            cap_nanos=data["cap"],
            value_metric=data["value_metric"],
            value_unit=data["value_unit"],
            value_baseline=data["value_baseline"],
            value_change=data["value_change"],
            value_per=data["value_per"] or ValuePer.INTERACTION.value,
            value_adoption=(
                Decimal(100) if data["value_adoption"] is None else data["value_adoption"]
            ),
            value_money_nanos=data["value_money"],
            value_confidence=data["value_confidence"],
            value_measure_on=data["value_measure_on"],
            value_evidence_url=data["value_evidence_url"],
            value_owner_id=_uuid(data.get("value_owner")),
            value_why=data["value_why"],
        )


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None


def initial_of(plan: PlanInput) -> dict[str, Any]:
    """A plan as the form's initial data: the inverse of ``plan()``."""
    a = plan.assumptions
    return {
        "title": plan.title,
        "unit": str(plan.unit_id),
        "kind": plan.kind,
        "capability": str(plan.capability_id or ""),
        "summary": plan.summary,
        "work_item_url": plan.work_item_url,
        "cap": plan.cap_nanos,
        "value_money": plan.value_money_nanos,
        "value_owner": str(plan.value_owner_id or ""),
        **{
            name: getattr(plan, name)
            for name in (
                "value_metric", "value_unit", "value_baseline", "value_change", "value_per",
                "value_adoption", "value_confidence", "value_measure_on", "value_evidence_url",
                "value_why",
            )
        },
        **assumption_initial(a),
    }  # fmt: skip


def assumption_initial(a: Assumptions) -> dict[str, Any]:
    """The estimator's document as the form's initial data."""
    initial: dict[str, Any] = {
        "starts_on": a.starts_on,
        "live_on": a.live_on,
        "unit_noun": a.unit_noun,
        "volume_basis": a.production.volume,
        "horizon": Decimal(a.production.horizon_months),
        "cache_ttl": a.production.cache_ttl,
        "dev_basis": a.development.basis,
        "dev_size": a.development.size,
    }
    for path in SHOWN_PATHS:
        triple = value_at(a, path)
        initial[field_name(path, "likely")] = triple.likely or None
        initial[field_name(path, "low")] = triple.low
        initial[field_name(path, "high")] = triple.high
    for row, share in enumerate(a.production.mix[:MIX_ROWS]):
        initial[f"mix.{row}.model"] = f"{share.provider}/{share.model}"
        initial[f"mix.{row}.share"] = share.share
    return initial


def posted(assumptions: Assumptions, data: dict[str, Any]) -> dict[str, Any]:
    """Posted data with the inputs replaced by other assumptions, as text."""
    replaced = dict(data)
    for name, value in assumption_initial(assumptions).items():
        if isinstance(value, Decimal):
            replaced[name] = show_number(value)
        elif isinstance(value, dt.date):
            replaced[name] = f"{value:%Y-%m}"
        else:
            replaced[name] = "" if value is None else value
    return replaced


def replace(a: Assumptions, **production: Any) -> Assumptions:
    """The assumptions with parts of production replaced."""
    return msgspec.structs.replace(
        a, production=msgspec.structs.replace(a.production, **production)
    )


MAX_HORIZON = MAX_HORIZON_MONTHS
