"""The route editor's forms: a policy document from fields and back, nothing lost on the way."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from django import forms

from apps.access.roles import LABELS, Role
from apps.approvals import selectors, subjects
from apps.approvals.enums import Lane, StepMode
from apps.approvals.rules.policy import (
    FACTS,
    MAX_STEPS,
    OPS_BY_TYPE,
    Condition,
    Guardrails,
    PolicyDocument,
    StepSpec,
)
from apps.approvals.web.words import FACT_LABELS, FACT_VALUES, MONEY, OP_LABELS
from apps.common.money import from_nanos, to_nanos

ROLE_CHOICES = [
    (role.value, "Lead of the unit, or the next above" if role is Role.UNIT_LEAD else LABELS[role])
    for role in selectors.ROUTE_ROLES
]
SPARE = 1
"""Empty condition rows shown below those that are filled."""


class ConditionForm(forms.Form):
    """One comparison; a row without a fact is no condition."""

    fact = forms.ChoiceField(
        label="Fact", required=False, choices=[("", "–"), *FACT_LABELS.items()]
    )
    op = forms.ChoiceField(label="Is", required=False, choices=list(OP_LABELS.items()))
    value = forms.CharField(label="Value", required=False, max_length=500)

    def __init__(self, *args: Any, units: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._units = units

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        fact, op = data.get("fact"), data.get("op") or "eq"
        if not fact:
            return data
        if op not in OPS_BY_TYPE[FACTS[fact]]:
            allowed = ", ".join(OP_LABELS[o] for o in OPS_BY_TYPE[FACTS[fact]])
            self.add_error("op", f"{FACT_LABELS[fact]} can be: {allowed}.")
            return data
        try:
            data["condition"] = Condition(fact, op, self._read(fact, op, data.get("value", "")))
        except ValueError as error:
            self.add_error("value", str(error))
        return data

    def _read(self, fact: str, op: str, text: str) -> int | str | bool | list[str]:
        text = text.strip()
        if FACTS[fact] == "bool":
            if text.lower() not in {"yes", "no"}:
                raise ValueError("Enter yes or no.")
            return text.lower() == "yes"
        if fact in MONEY:
            try:
                return to_nanos(Decimal(text.replace(",", "").replace(" ", "")))
            except InvalidOperation:
                raise ValueError("Enter an amount, such as 5000.") from None
        if FACTS[fact] == "int":
            if not text.isdecimal() or len(text) > 9:
                raise ValueError("Enter a whole number, such as 60.")
            return int(text)
        values = [self._known(fact, part.strip()) for part in text.split(",") if part.strip()]
        if not values:
            raise ValueError("Enter a value.")
        if op == "in":
            return values
        if len(values) > 1:
            raise ValueError("Several values need “is one of”.")
        return values[0]

    def _known(self, fact: str, text: str) -> str:
        """A stored value by its value or label; a team by its name or code."""
        if fact == "unit":
            known = self._units
        else:
            known = {v: v for v in FACT_VALUES[fact]} | {
                label.lower(): v for v, label in FACT_VALUES[fact].items()
            }
        found = known.get(text) or known.get(text.lower())
        if found is None:
            names = sorted(FACT_VALUES[fact]) if fact != "unit" else []
            hint = f" Use {', '.join(names)}." if names else ""
            raise ValueError(f"“{text}” is not known.{hint}")
        return found


def condition_initial(condition: Condition, names: Mapping[str, str]) -> dict[str, str]:
    """A condition as the form shows it."""
    value = condition.value
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif condition.fact in MONEY and isinstance(value, int):
        text = f"{from_nanos(value).normalize():f}"
    else:
        values = value if isinstance(value, list) else [str(value)]
        text = ", ".join(names.get(v, v) if condition.fact == "unit" else v for v in values)
    return {"fact": condition.fact, "op": condition.op, "value": text}


class HeadForm(forms.Form):
    """What a route is called, what it is about, and where it stands among the others."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(label="Name", max_length=120)
    subject_type = forms.ChoiceField(label="About", required=False)
    priority = forms.IntegerField(
        label="Order", min_value=0, max_value=10_000, help_text="The lowest that applies is taken."
    )
    lane = forms.ChoiceField(
        label="Who decides",
        choices=[(lane.value, lane.label) for lane in (Lane.PEOPLE, Lane.AUTO)],
    )
    is_active = forms.BooleanField(label="In use", required=False)
    note = forms.CharField(
        label="Why it changes", max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    max_month = forms.DecimalField(
        label="At most a month", required=False, min_value=0, max_digits=15, decimal_places=2
    )
    max_lifetime = forms.DecimalField(
        label="At most over its life",
        required=False,
        min_value=0,
        max_digits=15,
        decimal_places=2,
        help_text="Empty: no limit.",
    )
    max_per_unit = forms.IntegerField(
        label="At most a team in 30 days", required=False, min_value=1, max_value=1000
    )
    review_after_days = forms.IntegerField(
        label="Review after days", required=False, min_value=1, max_value=730
    )
    sample_percent = forms.IntegerField(
        label="Looked at afterwards", required=False, min_value=0, max_value=100
    )
    rail_conditions = forms.CharField(
        label="Conditions of every approval",
        required=False,
        max_length=2000,
        help_text="One a line. They are tracked on the subject.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subject_type"].choices = [
            ("", "Everything"),
            *subjects.labels().items(),
        ]

    def guardrails(self) -> Guardrails | None:
        data = self.cleaned_data
        if data.get("lane") != Lane.AUTO or data.get("max_month") is None:
            return None
        standard = Guardrails(max_month_nanos=1)
        life = data["max_lifetime"]
        return Guardrails(
            max_month_nanos=to_nanos(data["max_month"]),
            max_lifetime_nanos=None if life is None else to_nanos(life),
            max_per_unit=data["max_per_unit"] or standard.max_per_unit,
            review_after_days=data["review_after_days"] or standard.review_after_days,
            sample_percent=(
                standard.sample_percent
                if data["sample_percent"] is None
                else data["sample_percent"]
            ),
            conditions=[t.strip() for t in data["rail_conditions"].splitlines() if t.strip()],
        )


class StepForm(forms.Form):
    """One step; a step without a name is none."""

    name = forms.CharField(label="Step", required=False, max_length=120)
    roles = forms.MultipleChoiceField(
        label="Decides",
        required=False,
        choices=ROLE_CHOICES,
        widget=forms.CheckboxSelectMultiple,
    )
    mode = forms.ChoiceField(label="How many", required=False, choices=StepMode.choices())
    quorum = forms.IntegerField(label="Number", required=False, min_value=1, max_value=50)
    due_working_days = forms.IntegerField(
        label="Due after", required=False, min_value=0, max_value=60
    )
    remind_working_days = forms.IntegerField(
        label="Remind before", required=False, min_value=0, max_value=60
    )
    escalate_working_days = forms.IntegerField(
        label="Others join after", required=False, min_value=0, max_value=60
    )
    escalate_roles = forms.MultipleChoiceField(
        label="Who joins",
        required=False,
        choices=ROLE_CHOICES,
        widget=forms.CheckboxSelectMultiple,
    )
    fallback_roles = forms.MultipleChoiceField(
        label="If nobody holds the role",
        required=False,
        choices=ROLE_CHOICES,
        widget=forms.CheckboxSelectMultiple,
    )
    distinct = forms.BooleanField(
        label="By somebody who has not answered an earlier step", required=False
    )


class PolicyForm:
    """Head, conditions and steps of one page, bound to data or to a document."""

    def __init__(
        self,
        data: Any = None,
        *,
        units: Sequence[tuple[str, str, str]],
        head: Mapping[str, Any] | None = None,
        document: PolicyDocument | None = None,
        more: str = "",
    ) -> None:
        """`units` are (id, name, code). `more` adds a row: `step` or `when`."""
        self._names = {unit: name for unit, name, _ in units}
        self._units = {u: u for u, _, _ in units}
        self._units |= {name.lower(): u for u, name, _ in units}
        self._units |= {code: u for u, _, code in units}
        self.bound = data is not None
        shown = document or PolicyDocument()
        self.head = HeadForm(data, initial=dict(head or {}) | _rail_initial(shown))
        self.when = self._conditions(data, "when", shown.when, more == "when")
        count = _count(data, "steps", len(shown.steps)) + (more == "step")
        count = min(max(count, 0 if shown.is_auto else 1), MAX_STEPS)
        self.steps = [
            self._step(data, n, shown.steps[n] if n < len(shown.steps) else None)
            for n in range(count)
        ]

    def _step(self, data: Any, n: int, spec: StepSpec | None) -> dict[str, Any]:
        prefix = f"s{n}"
        standard = spec or StepSpec(name="", roles=[])
        form = StepForm(data, prefix=prefix, initial=msgspec.to_builtins(standard))
        when = self._conditions(data, f"{prefix}-when", standard.when, False)  # noqa: FBT003
        return {"form": form, "when": when, "number": n + 1}

    def _conditions(
        self, data: Any, name: str, known: Sequence[Condition], more: bool
    ) -> list[ConditionForm]:
        count = _count(data, name, len(known) + SPARE) + more
        return [
            ConditionForm(
                data,
                prefix=f"{name}{n}",
                units=self._units,
                initial=condition_initial(known[n], self._names) if n < len(known) else {},
            )
            for n in range(min(count, 20))
        ]

    @property
    def counts(self) -> list[tuple[str, int]]:
        """Hidden fields that say how many rows the page has."""
        found = [("steps-n", len(self.steps)), ("when-n", len(self.when))]
        return found + [(f"s{s['number'] - 1}-when-n", len(s["when"])) for s in self.steps]

    def forms(self) -> list[forms.Form]:
        found: list[forms.Form] = [self.head, *self.when]
        for step in self.steps:
            found += [step["form"], *step["when"]]
        return found

    def is_valid(self) -> bool:
        return all([form.is_valid() for form in self.forms()])  # noqa: C419 -- ask every form

    def document(self) -> dict[str, Any]:
        """The document of what was typed, for `parse_policy`."""
        auto = self.head.cleaned_data["lane"] == Lane.AUTO
        steps = [] if auto else [s for s in map(_spec, self.steps) if s is not None]
        rails = self.head.guardrails()
        document: dict[str, Any] = {
            "lane": self.head.cleaned_data["lane"],
            "when": [msgspec.to_builtins(c) for c in _filled(self.when)],
            "steps": [msgspec.to_builtins(s) for s in steps],
        }
        if rails is not None:
            document["guardrails"] = msgspec.to_builtins(rails)
        return document


def _count(data: Any, name: str, otherwise: int) -> int:
    text = data.get(f"{name}-n", "") if data is not None else ""
    return int(text) if text.isdecimal() and len(text) < 3 else otherwise


def _filled(rows: Sequence[ConditionForm]) -> list[Condition]:
    return [c for row in rows if (c := row.cleaned_data.get("condition")) is not None]


def _spec(step: Mapping[str, Any]) -> StepSpec | None:
    data = step["form"].cleaned_data
    if not data["name"] and not data["roles"]:
        return None

    def number(field: str, otherwise: int) -> int:
        return otherwise if data[field] is None else data[field]

    return StepSpec(
        name=data["name"],
        roles=data["roles"],
        mode=data["mode"] or StepMode.ANY.value,
        quorum=number("quorum", 1),
        due_working_days=number("due_working_days", 3),
        fallback_roles=data["fallback_roles"],
        when=_filled(step["when"]),
        remind_working_days=number("remind_working_days", 1),
        escalate_working_days=data["escalate_working_days"],
        escalate_roles=data["escalate_roles"],
        distinct=data["distinct"],
    )


def _rail_initial(document: PolicyDocument) -> dict[str, Any]:
    rails = document.guardrails
    standard = Guardrails(max_month_nanos=1)
    known = rails or standard
    life = rails.max_lifetime_nanos if rails else None
    return {
        "lane": document.lane,
        "max_month": from_nanos(rails.max_month_nanos) if rails else None,
        "max_lifetime": None if life is None else from_nanos(life),
        "max_per_unit": known.max_per_unit,
        "review_after_days": known.review_after_days,
        "sample_percent": known.sample_percent,
        "rail_conditions": "\n".join(known.conditions),
    }
