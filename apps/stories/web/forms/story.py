"""One form for filing, editing and pricing a story. Its cleaned data becomes a PlanInput."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms

from apps.common import fmt
from apps.common.numbers import show_number
from apps.common.web.numbers import MoneyField, MonthField, NumberField
from apps.portfolio.enums import CapabilityKind
from apps.stories.bands import SPIKE
from apps.stories.design import Checklist, Design
from apps.stories.enums import Confidence, Pattern, ValuePer
from apps.stories.estimator import Assumptions, Triple
from apps.stories.estimator.fields import BY_PATH, FIELDS, value_at
from apps.stories.estimator.inputs import Development, Parts, Production, Testing
from apps.stories.selectors.settings import Settings
from apps.stories.services.plan import PlanInput
from apps.stories.web.forms import mix, review
from apps.stories.web.forms.layout import PARTS, SHOWN_PATHS, field_name, tables

KIND_HINTS = {
    "production": "Customers or staff use it",
    "development": "Helps engineers build",
    "pipeline": "Runs on a schedule",
    "analytics": "Chat and analytics tools",
}
BASES = [("size", "By size"), ("effort", "By effort"), ("none", "Nothing to build")]
VOLUMES = [("users", "People who use it"), ("interactions", "How often it runs")]
PATTERNS = [("", "Something else"), *Pattern.choices()]
SIZE_NAMES = {"S": "S", "M": "M", "L": "L", "XL": "XL", SPIKE: "? A spike first"}


NOTHING_ASKED = Checklist(questions=())
"""For forms without a design review."""
LATER = ("title", "unit")
"""What submitting needs and pricing does not."""


class StoryForm(forms.Form):
    """``tables`` groups the low, likely and high inputs; ``plan()`` gives the input of services."""

    title = forms.CharField(label="Name", max_length=160)
    capability = forms.ChoiceField(label="Capability", required=False)
    unit = forms.ChoiceField(label="Team")
    pattern = forms.ChoiceField(label="How it works", choices=PATTERNS, required=False)
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
        label="Counted from", choices=VOLUMES, required=False, widget=forms.RadioSelect
    )
    unit_noun = forms.CharField(label="One interaction is a", max_length=40, required=False)
    horizon = NumberField(label="Months to plan for")
    cache_ttl = forms.ChoiceField(
        label="Cache lifetime", choices=[("5m", "5 minutes"), ("1h", "1 hour")], required=False
    )

    dev_basis = forms.ChoiceField(
        label="Development", choices=BASES, required=False, widget=forms.RadioSelect
    )
    dev_size = forms.ChoiceField(
        label="Size", choices=list(SIZE_NAMES.items()), required=False, widget=forms.RadioSelect
    )

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
        settings: Settings,
        checklist: Checklist = NOTHING_ASKED,
        kept: Development | None = None,
        lenient: bool = False,
        **kwargs: Any,
    ) -> None:
        """``kept`` is the stored development: a size that stays keeps the band it was given."""
        super().__init__(*args, **kwargs)
        self.settings, self._kept, self.checklist = settings, kept, checklist
        self._choose("capability", [("", "Not listed: name it now"), *capabilities])
        self._choose("unit", [("", "Choose a team"), *units])
        self._choose("value_owner", [("", "–"), *people])
        self.fields["kind"].hints = KIND_HINTS  # type: ignore[attr-defined]
        for path in SHOWN_PATHS:
            for part in PARTS:
                label = BY_PATH[path].label
                text = label if part == "likely" else f"{label}, {part}"
                self.fields[field_name(path, part)] = NumberField(label=text)
        for phase in mix.PREFIXES:
            mix.add_rows(self, phase, mix.rows_needed(phase, self.data or self.initial))
        review.add_questions(self, checklist)
        self.fields["dev_size"].hints = {  # type: ignore[attr-defined]
            name: f"{fmt.tokens(band.likely)} tokens" for name, band in settings.sizes.items()
        }
        self._lenient = lenient

    def full_clean(self) -> None:
        """A lenient form is priced without a name and a team; they stay marked as required."""
        known = LATER if self._lenient else ()
        asked = [self.fields[name] for name in known if name in self.fields]
        for field in asked:
            field.required = False
        super().full_clean()
        for field in asked:
            field.required = True

    def _choose(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- declared above
        field.choices = list(choices)

    @property
    def tables(self) -> dict[str, Any]:
        return tables(self)

    @property
    def mix_rows(self) -> list[tuple[Any, Any]]:
        return mix.rows(self, "production")

    @property
    def build_mixes(self) -> list[tuple[str, list[tuple[Any, Any]]]]:
        """Models of building and of testing, where they are not those of production."""
        return [(phase, mix.rows(self, phase)) for phase in ("development", "testing")]

    @property
    def questions(self) -> list[review.QuestionRow]:
        """The design review, a row a question."""
        return review.rows(self, self.checklist)

    @property
    def design_notes(self) -> forms.BoundField:
        return self[review.NOTES]

    def design(self) -> Design:
        """The answers of valid data."""
        return review.read(self.cleaned_data, self.checklist)

    @property
    def opened(self) -> frozenset[str]:
        """Folded parts of the form that hold an error: they are shown unfolded."""
        names = {
            "split": [f"mix.{n}.{part}" for n in range(1, 8) for part in ("model", "share")],
            "more": ["kind", "work_item_url", "summary", "starts_on", "live_on"],
            "builders": [
                f"{phase}.mix.{n}.{part}"
                for phase in ("development", "testing")
                for n in range(8)
                for part in ("model", "share")
            ],
        }
        names["design"] = [name for name in self.errors if name.startswith("design.")]
        found = {key for key, fields in names.items() if any(f in self.errors for f in fields)}
        if self.is_bound:
            found |= {name for name, table in self.tables.items() if table.has_errors}
        return frozenset(found)

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
                mix=tuple(mix.read(data, "production")),
                **self._triples("production"),
            ),
            development=Development(
                basis=basis,
                size=size if basis == "size" else "",
                size_tokens=self._size_tokens(size) if basis == "size" else Triple(),
                mix=tuple(mix.read(data, "development")),
                **self._triples("development"),
            ),
            testing=Testing(mix=tuple(mix.read(data, "testing")), **self._triples("testing")),
        )

    def _size_tokens(self, size: str) -> Triple:
        if self._kept is not None and self._kept.size == size:
            return self._kept.size_tokens
        band = self.settings.sizes.get(size)
        return band.triple if band else Triple()

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

    def plan(self) -> PlanInput:
        """What to store. Raises KeyError unless the form is valid."""
        data = self.cleaned_data
        return PlanInput(
            title=data["title"],
            unit_id=UUID(data["unit"]),
            assumptions=self.assumptions(),
            kind=data.get("kind") or CapabilityKind.PRODUCTION.value,
            pattern=data.get("pattern") or "",
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
            design=self.design(),
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
        "pattern": plan.pattern,
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
        **review.initial(plan.design),
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
    for phase in mix.PREFIXES:
        initial |= mix.initial(phase, getattr(a, phase).mix)
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
