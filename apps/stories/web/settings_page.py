"""Settings, estimating: size bands, reference bands, and when value must be stated in full."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.common import fmt
from apps.common.errors import Invalid
from apps.common.web.numbers import MoneyField, NumberField
from apps.organizations.web.base import SettingsFormPage, settings_tabs
from apps.portfolio.enums import Tier
from apps.stories import services
from apps.stories.bands import SIZES
from apps.stories.enums import Pattern
from apps.stories.material import DEFAULT_PERCENT
from apps.stories.selectors.design import checklist_in_force
from apps.stories.selectors.settings import settings_in_force
from apps.stories.web.forms.story import SIZE_NAMES
from apps.tenancy.urls import org_url

TAB = "stories:estimating"
PATTERN_NAMES = {pattern.value: pattern.label for pattern in Pattern}


@requires(P.STORY_VIEW)
def estimating(request: HttpRequest) -> HttpResponse:
    """What is in force, and the doors to change it."""
    settings = settings_in_force()
    actor = request.actor
    checklist, checklist_version = checklist_in_force()
    context = {
        "title": "Estimating",
        "lede": "What every estimate of your organization takes for granted.",
        "crumbs": [("Settings", org_url(request, "organizations:settings")), ("Estimating", "")],
        "tabs": settings_tabs(request, TAB),
        "settings": settings,
        "sizes": [(SIZE_NAMES[name], settings.sizes[name]) for name in SIZES],
        "references": [(PATTERN_NAMES[key], band) for key, band in settings.references.items()],
        "checklist": checklist,
        "checklist_version": checklist_version,
        "checklist_tiers": " or ".join(Tier(tier).label.lower() for tier in checklist.tiers),
        "may_design": can(actor, P.DESIGN_REVIEW_MANAGE),
        "may_bands": can(actor, P.ESTIMATING_MANAGE),
        "may_value": can(actor, P.VALUE_POLICY_MANAGE),
    }
    return render(request, "stories/estimating.html", context)


class BandsForm(forms.Form):
    """Fields are named `band.part`, as the service names them in its errors."""

    parts: tuple[str, ...] = ()
    names: Mapping[str, str] = {}

    reason = forms.CharField(label="Why", required=False, max_length=2000)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for key, label in self.names.items():
            for part in self.parts:
                self.fields[f"{key}.{part}"] = NumberField(label=f"{label}, {part}", required=True)

    @property
    def heads(self) -> list[str]:
        return [part.capitalize() for part in self.parts]

    @property
    def bands(self) -> list[dict[str, Any]]:
        """Rows of the table: label, bound fields, errors."""
        found = []
        for key, label in self.names.items():
            bounds = [self[f"{key}.{part}"] for part in self.parts]
            errors = [str(error) for bound in bounds for error in bound.errors]
            cells = [(part.capitalize(), bound) for part, bound in zip(self.parts, bounds,
                                                                       strict=True)]  # fmt: skip
            found.append({"label": label, "cells": cells, "errors": errors, "first": bounds[0]})
        return found

    def document(self) -> dict[str, dict[str, int]]:
        return {
            key: {part: int(self.cleaned_data[f"{key}.{part}"]) for part in self.parts}
            for key in self.names
        }


class SizesForm(BandsForm):
    """Low, likely and high tokens of each size."""

    parts = ("low", "likely", "high")
    names = {name: SIZE_NAMES[name] for name in SIZES}


class ReferencesForm(BandsForm):
    """Low and high tokens of an interaction, by pattern."""

    parts = ("low", "high")
    names = PATTERN_NAMES


class ValueForm(forms.Form):
    """One amount; empty asks every story for metric and reason only."""

    value_from = MoneyField(
        label="From this likely lifetime cost",
        help_text="Empty: every story names a metric and a reason, nothing more. 0: every story.",
    )
    reason = forms.CharField(label="Why", required=False, max_length=2000)
    version = forms.IntegerField(widget=forms.HiddenInput)


class EstimatingForm(SettingsFormPage):
    """What the three forms share."""

    tab = TAB

    def cancel_url(self) -> str:
        return org_url(self.request, TAB)

    def done(self, message: str) -> str:
        messages.success(self.request, message)
        return org_url(self.request, TAB)

    def extra_context(self, form: Any) -> dict[str, Any]:
        return self.tab_context()


class _BandsPage(EstimatingForm):
    template_name = "stories/bands_form.html"

    def bands(self) -> Mapping[str, Any]:
        raise NotImplementedError

    def get_initial(self) -> dict[str, Any]:
        initial: dict[str, Any] = {"version": settings_in_force().version}
        for key, band in self.bands().items():
            for part in band.__struct_fields__:
                initial[f"{key}.{part}"] = getattr(band, part)
        return initial


@requires(P.ESTIMATING_MANAGE)
class SizesPage(_BandsPage):
    """Tokens to build something of a size."""

    form_class = SizesForm
    title = "Size bands"
    lede = (
        "Tokens that engineers and their agents spend to build something of each size. Low and "
        "high are the one-in-ten cases. Stories that chose a size keep the band they chose."
    )
    submit_label = "Save size bands"

    def bands(self) -> Mapping[str, Any]:
        return settings_in_force().sizes

    def save(self, form: SizesForm) -> str:
        services.change_sizes(
            actor=self.actor,
            version=form.cleaned_data["version"],
            document=form.document(),
            reason=form.cleaned_data["reason"],
        )
        return self.done("Size bands saved. Sizes chosen from now on use them.")


@requires(P.ESTIMATING_MANAGE)
class ReferencesPage(_BandsPage):
    """Usual tokens of one interaction."""

    form_class = ReferencesForm
    title = "Reference bands"
    lede = (
        "Tokens one interaction usually takes, all its model calls together. An estimate below "
        "half the low or above twice the high is flagged to the author and to approvers."
    )
    submit_label = "Save reference bands"

    def bands(self) -> Mapping[str, Any]:
        return settings_in_force().references

    def save(self, form: ReferencesForm) -> str:
        services.change_references(
            actor=self.actor,
            version=form.cleaned_data["version"],
            document=form.document(),
            reason=form.cleaned_data["reason"],
        )
        return self.done("Reference bands saved.")


class ReapprovalForm(forms.Form):
    """One share; empty goes back to the default."""

    percent = NumberField(
        label="Amounts may move by",
        help_text=f"Empty: {DEFAULT_PERCENT}%. 0: every amount that moves is decided again.",
    )
    reason = forms.CharField(label="Why", required=False, max_length=2000)
    version = forms.IntegerField(widget=forms.HiddenInput)


@requires(P.VALUE_POLICY_MANAGE)
class ReapprovalPage(EstimatingForm):
    """By how much an amendment may move without a new decision."""

    form_class = ReapprovalForm
    title = "Small amendments"
    lede = (
        "An amendment of an approved story takes effect at once while cap, cost and value stay "
        "within this share of what was last decided. Another team, capability, category, tier, "
        "model or route is always decided again."
    )
    submit_label = "Save share"

    def get_initial(self) -> dict[str, Any]:
        settings = settings_in_force()
        return {"percent": settings.reapproval_percent, "version": settings.version}

    def save(self, form: ReapprovalForm) -> str:
        percent = form.cleaned_data["percent"]
        if percent is not None and percent != int(percent):
            raise Invalid("Enter whole percent.", field="percent", fix="Such as 10.")
        stored = services.change_reapproval(
            actor=self.actor,
            version=form.cleaned_data["version"],
            percent=None if percent is None else int(percent),
            reason=form.cleaned_data["reason"],
        )
        now = stored.reapproval_percent
        return self.done(f"Saved. Amounts may move by {DEFAULT_PERCENT if now is None else now}%.")


@requires(P.VALUE_POLICY_MANAGE)
class ValuePolicyPage(EstimatingForm):
    """The amount from which a value hypothesis is mandatory."""

    form_class = ValueForm
    title = "Mandatory value"
    lede = (
        "A story that is likely to cost this much over its lifetime cannot be submitted without "
        "metric, unit, baseline, change, money per unit, confidence, date, owner and reason."
    )
    submit_label = "Save amount"

    def get_initial(self) -> dict[str, Any]:
        settings = settings_in_force()
        return {"value_from": settings.value_from_nanos, "version": settings.version}

    def save(self, form: ValueForm) -> str:
        amount = form.cleaned_data["value_from"]
        services.change_value_policy(
            actor=self.actor,
            version=form.cleaned_data["version"],
            from_nanos=amount,
            reason=form.cleaned_data["reason"],
        )
        if amount is None:
            return self.done("Saved. Every story names a metric and a reason.")
        return self.done(f"Saved. Value is mandatory from {fmt.money(amount)}.")
