"""Settings, tiers: a form for those who may change the tiers, a sheet for everybody else."""

from typing import Any

from django import forms
from django.contrib import messages

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common.web.numbers import MoneyField, NumberField
from apps.organizations.web.base import SettingsFormPage
from apps.portfolio import selectors, services, tiers
from apps.portfolio.enums import DataClass, ModelClass, StandingTo, Tier

THRESHOLDS = tiers.THRESHOLDS
NAMES = (*THRESHOLDS, "guidance", *tiers.ENTITLES)
LABELS = {
    "month_cost_from": "Cost a month from",
    "tokens_per_run_from": "Tokens an interaction from",
    "model_class_from": "Model class from",
    "data_class_from": "Data class from",
}


class TiersForm(forms.Form):
    """Fields are named `tier.threshold`, as the service names them in its errors."""

    standard_from = NumberField(label="A standard model costs, for a million output tokens, from")
    frontier_from = NumberField(label="A frontier model, from")
    reason = forms.CharField(label="Why", required=False, max_length=2000)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for tier in Tier:
            for name, field in _fields(tier).items():
                self.fields[f"{tier.value}.{name}"] = field
        self.order_fields(
            [name for name in self.fields if "." in name]
            + ["standard_from", "frontier_from", "reason", "version"]
        )

    @property
    def tiers(self) -> list[dict[str, Any]]:
        """What the template draws: a tier, its thresholds and its guidance."""
        return [
            {
                "tier": tier,
                "thresholds": [
                    self[f"{tier.value}.{name}"]
                    for name in THRESHOLDS
                    if f"{tier.value}.{name}" in self.fields
                ],
                "guidance": self[f"{tier.value}.guidance"],
                "entitles": [self[f"{tier.value}.{name}"] for name in tiers.ENTITLES],
            }
            for tier in Tier
        ]

    def document(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "tiers": [
                {
                    "tier": tier.value,
                    **{name: _stored(data.get(f"{tier.value}.{name}"), name) for name in NAMES},
                }
                for tier in Tier
            ],
            "standard_from": str(data["standard_from"] or 0),
            "frontier_from": str(data["frontier_from"] or 0),
        }


def _fields(tier: Tier) -> dict[str, forms.Field]:
    named: dict[str, forms.Field] = {}
    if tier != Tier.LIGHT:
        named = {
            "month_cost_from": MoneyField(label=LABELS["month_cost_from"]),
            "tokens_per_run_from": NumberField(label=LABELS["tokens_per_run_from"]),
            "model_class_from": forms.ChoiceField(
                label=LABELS["model_class_from"],
                required=False,
                choices=[("", "Not asked"), *ModelClass.choices],
            ),
            "data_class_from": forms.ChoiceField(
                label=LABELS["data_class_from"],
                required=False,
                choices=[("", "Not asked"), *DataClass.choices],
            ),
        }
    named["guidance"] = forms.CharField(
        label="What it means here",
        required=False,
        max_length=tiers.MAX_GUIDANCE,
        widget=forms.Textarea(attrs={"rows": "2"}),
    )
    named["models_to"] = forms.ChoiceField(
        label="Model class up to",
        required=False,
        choices=[("", "No limit"), *ModelClass.choices],
    )
    named["standing_to"] = forms.ChoiceField(
        label="Standing", required=False, choices=[("", "No limit"), *StandingTo.choices]
    )
    named["context_to"] = NumberField(label="Input tokens a call")
    return named


def _stored(value: Any, name: str) -> Any:
    if name in {"tokens_per_run_from", "context_to"}:
        return None if value is None else int(value)
    if name == "month_cost_from":
        return value
    return value or ""


@requires(P.CAPABILITY_VIEW)
class TiersPage(SettingsFormPage):
    """What makes a workload light, standard, heavy or critical."""

    form_class = TiersForm
    template_name = "portfolio/tiers.html"
    title = "Consumption tiers"
    lede = (
        "The highest tier of which a story reaches one threshold is its tier. Approval routes may "
        "ask for it; stories keep the tier they were submitted at."
    )
    submit_label = "Save tiers"
    tab = "portfolio:tiers"

    def more_crumbs(self) -> list[tuple[str, str]]:
        return []

    def get_initial(self) -> dict[str, Any]:
        found, version = selectors.tiers_in_force()
        initial: dict[str, Any] = {
            "standard_from": found.standard_from,
            "frontier_from": found.frontier_from,
            "version": version,
        }
        for rule in found.tiers:
            for name in NAMES:
                initial[f"{rule.tier}.{name}"] = getattr(rule, name)
        return initial

    def save(self, form: TiersForm) -> str:
        services.change_tiers(
            actor=self.actor,
            version=form.cleaned_data["version"],
            document=form.document(),
            reason=form.cleaned_data["reason"],
        )
        messages.success(self.request, "Tiers saved. They count for stories submitted from now on.")
        return self.request.path

    def extra_context(self, form: Any) -> dict[str, Any]:
        found, version = selectors.tiers_in_force()
        return {
            **self.tab_context(),
            "may_change": can(self.actor, P.TIER_MANAGE),
            "in_force": found,
            "is_default": version == 0,
            "sheet": [sheet_of(rule) for rule in found.tiers],
        }


def sheet_of(rule: tiers.TierRule) -> dict[str, Any]:
    """A tier for those who only read."""
    return {
        "label": Tier(rule.tier).label,
        "month_cost": rule.month_cost_from,
        "tokens": rule.tokens_per_run_from,
        "model_class": ModelClass(rule.model_class_from).label if rule.model_class_from else "",
        "data_class": DataClass(rule.data_class_from).label if rule.data_class_from else "",
        "guidance": rule.guidance,
        "entitles": tiers.entitles_words(rule),
    }
