"""The rule editor: conditions, target, days, and a preview of the spend that would move."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.forms import BaseFormSet, formset_factory
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views import View

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.attribution import selectors, services, words
from apps.attribution.enums import Field, Operator, Phase, RuleConfidence, RuleStatus
from apps.attribution.models import AttributionRule
from apps.attribution.rules import MAX_CONDITIONS
from apps.attribution.services import RuleDraft
from apps.attribution.web.rules import describe
from apps.common.errors import Invalid
from apps.common.web.forms import ConfirmPage, add_errors
from apps.organizations.selectors import organization, units
from apps.portfolio.selectors import active_capabilities
from apps.tenancy.urls import org_url


class ConditionForm(forms.Form):
    """One comparison; a row without values is no condition."""

    field = forms.ChoiceField(label="Field", choices=Field.choices(), required=False)
    tag = forms.CharField(label="Tag name", max_length=64, required=False)
    operator = forms.ChoiceField(label="Comparison", choices=Operator.choices(), required=False)
    values = forms.CharField(
        label="Values",
        required=False,
        max_length=20_000,
        help_text="Several: separated by commas.",
    )

    def condition(self) -> dict[str, Any] | None:
        data = self.cleaned_data
        text = data.get("values", "").strip()
        if not text:
            return None
        several = data["operator"] == Operator.IN
        values = [v.strip() for v in text.split(",")] if several else [text]
        return {
            "field": data["field"],
            "operator": data["operator"],
            "values": values,
            "tag": data["tag"].strip() if data["field"] == Field.TAG else "",
        }


ConditionSet = formset_factory(
    ConditionForm, extra=0, min_num=1, max_num=MAX_CONDITIONS, absolute_max=MAX_CONDITIONS
)


class RuleForm(forms.Form):
    """Everything of a rule besides its conditions."""

    name = forms.CharField(label="Name", max_length=120)
    position = forms.IntegerField(
        label="Place in the order", min_value=1, required=False, help_text="1 is asked first."
    )
    unit_id = forms.TypedChoiceField(
        label="Team", required=False, coerce=UUID, empty_value=None, choices=()
    )
    capability_id = forms.TypedChoiceField(
        label="Capability",
        required=False,
        coerce=UUID,
        empty_value=None,
        choices=(),
        help_text="Brings its own team.",
    )
    story = forms.CharField(
        label="Token Story", max_length=40, required=False, help_text="Its number, like TS-0142."
    )
    phase = forms.ChoiceField(label="Phase", required=False, choices=[])
    work_item = forms.CharField(label="Work item", max_length=120, required=False)
    confidence = forms.ChoiceField(label="Confidence", choices=RuleConfidence.choices())
    starts_on = forms.DateField(
        label="First day", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    ends_on = forms.DateField(
        label="First day without it",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = units().filter(is_active=True)
        known = active_capabilities()
        choices: dict[str, list[Any]] = {
            "unit_id": [("", "None"), *active.values_list("id", "name")],
            "capability_id": [("", "None"), *known.values_list("id", "name")],
            "phase": [("", "Not decided here"), *Phase.choices()],
        }
        for name, found in choices.items():
            field: Any = self.fields[name]
            field.choices = found

    def draft(self, conditions: list[dict[str, Any]]) -> RuleDraft:
        names = ("name", "unit_id", "capability_id", "story", "phase", "work_item", "confidence")
        data = {name: self.cleaned_data[name] for name in (*names, "starts_on", "ends_on")}
        return RuleDraft(conditions=conditions, **data)


class _Editor(View):
    """GET shows; POST saves, or previews, or adds an empty condition, as the button says."""

    def rule(self) -> AttributionRule | None:
        return None

    def initial(self) -> dict[str, Any]:
        return {"confidence": RuleConfidence.RULE.value}

    def initial_conditions(self) -> list[dict[str, Any]]:
        return [{}, {}]

    def save(self, form: RuleForm, draft: RuleDraft) -> AttributionRule:
        raise NotImplementedError

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        form = RuleForm(initial=self.initial())
        rows = ConditionSet(initial=self.initial_conditions(), prefix="c")
        return self.page(form, rows)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if "more" in request.POST:
            return self._more(request)
        form = RuleForm(request.POST)
        rows = ConditionSet(request.POST, prefix="c")
        if not (form.is_valid() and rows.is_valid()):
            return self.page(form, rows, status=422)
        conditions = [found for row in rows if (found := row.condition())]
        draft = form.draft(conditions)
        try:
            if "preview" in request.POST:
                return self.page(form, rows, preview=self._preview(form, draft))
            with transaction.atomic():
                rule = self.save(form, draft)
        except Invalid as error:
            add_errors(form, error)
            return self.page(form, rows, status=422)
        messages.success(
            request, f"“{rule.name}” is saved. Open periods are attributed again in the background."
        )
        return redirect(org_url(request, "attribution:list"))

    def _more(self, request: HttpRequest) -> HttpResponse:
        """The same page with one more empty condition; nothing is checked yet."""
        data = request.POST.copy()
        total = int(str(data.get("c-TOTAL_FORMS") or 0))
        data["c-TOTAL_FORMS"] = str(min(total + 1, MAX_CONDITIONS))
        form = RuleForm(initial={name: data.get(name, "") for name in RuleForm.base_fields})
        count = int(str(data["c-TOTAL_FORMS"]))
        names = ConditionForm.base_fields
        typed = [{name: data.get(f"c-{n}-{name}", "") for name in names} for n in range(count)]
        return self.page(form, ConditionSet(initial=typed, prefix="c"))

    def _preview(self, form: RuleForm, draft: RuleDraft) -> dict[str, Any]:
        rule = self.rule()
        proposed = services.proposed_rules(
            actor=self.request.actor,
            draft=draft,
            rule_id=rule.id if rule else None,
            position=form.cleaned_data["position"] or 0,
        )
        found = selectors.preview_change(proposed)
        if found is None:
            return {"empty": True}
        moves = [
            {"move": move, "before": describe(move.before), "after": describe(move.after)}
            for move in found.moves[:50]
        ]
        return {"found": found, "moves": moves, "days": selectors.PREVIEW_DAYS}

    def page(
        self,
        form: RuleForm,
        rows: BaseFormSet,
        *,
        preview: dict[str, Any] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        rule = self.rule()
        title = rule.name if rule else "Add an attribution rule"
        context = {
            "title": title,
            "crumbs": [
                ("Attribution rules", org_url(self.request, "attribution:list")),
                (title, ""),
            ],
            "form": form,
            "conditions": rows,
            "rule": rule,
            "preview": preview,
            "currency": organization().currency,
            "may_manage": can(self.request.actor, P.ATTRIBUTION_MANAGE),
        }
        return render(self.request, "attribution/edit.html", context, status=status)


@requires(P.ATTRIBUTION_MANAGE)
class RuleNew(_Editor):
    """Add a rule; the query string may prefill one condition: ?field=api_key&value=x."""

    def initial_conditions(self) -> list[dict[str, Any]]:
        name, value = self.request.GET.get("field", ""), self.request.GET.get("value", "")
        first = {"field": name, "operator": Operator.EQUALS.value, "values": value}
        return [first if name and value else {}, {}]

    def save(self, form: RuleForm, draft: RuleDraft) -> AttributionRule:
        return services.create_rule(
            actor=self.request.actor, draft=draft, position=form.cleaned_data["position"]
        )


@requires(P.ATTRIBUTION_VIEW)
class RuleEdit(_Editor):
    """One rule. Without the right to manage, or retired, it is shown and cannot be saved."""

    def rule(self) -> AttributionRule:
        return selectors.rule(self.kwargs["rule_id"])

    def initial(self) -> dict[str, Any]:
        rule = self.rule()
        names = ("name", "position", "phase", "work_item", "confidence", "starts_on", "ends_on")
        return {name: getattr(rule, name) for name in (*names, "version")} | {
            "unit_id": None if rule.capability_id else rule.unit_id,
            "capability_id": rule.capability_id,
            "story": rule.story_code,
        }

    def initial_conditions(self) -> list[dict[str, Any]]:
        return [
            {
                "field": c.field,
                "tag": c.tag,
                "operator": c.operator,
                "values": ", ".join(c.values),
            }
            for c in self.rule().parsed_conditions
        ] + [{}]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        rule = self.rule()
        if can(request.actor, P.ATTRIBUTION_MANAGE) and rule.status == RuleStatus.ACTIVE:
            return super().get(request, **kwargs)
        context = {
            "title": rule.name,
            "crumbs": [
                ("Attribution rules", org_url(request, "attribution:list")),
                (rule.name, ""),
            ],
            "rule": rule,
            "when": [words.condition_text(c) for c in rule.parsed_conditions],
            "then": words.target_text(rule),
            "dates": words.dates_text(rule),
        }
        return render(request, "attribution/detail.html", context)

    def save(self, form: RuleForm, draft: RuleDraft) -> AttributionRule:
        rule = services.change_rule(
            actor=self.request.actor,
            rule_id=self.kwargs["rule_id"],
            version=form.cleaned_data["version"] or 0,
            draft=draft,
        )
        wanted = form.cleaned_data["position"]
        if wanted and wanted != rule.position:
            services.move_rule(actor=self.request.actor, rule_id=rule.id, position=wanted)
        return rule


class RetireForm(forms.Form):
    """Why, and the version the decision was made on."""

    reason = forms.CharField(label="Reason", max_length=500, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)


@requires(P.ATTRIBUTION_MANAGE)
class RuleRetire(ConfirmPage):
    """Let a rule decide nothing any more."""

    form_class = RetireForm
    title = "Retire this rule"
    submit_label = "Retire rule"
    danger = True

    def _rule(self) -> AttributionRule:
        return selectors.rule(self.kwargs["rule_id"])

    def cancel_url(self) -> str:
        return org_url(self.request, "attribution:edit", self.kwargs["rule_id"])

    def get_initial(self) -> dict[str, Any]:
        return {"version": self._rule().version}

    def get_message(self) -> str:
        return (
            f"“{self._rule().name}” will decide nothing any more. Usage of open periods that it "
            "decided goes to the next rule that matches, or to nobody; closed periods stay."
        )

    def save(self, form: RetireForm) -> str:
        services.retire_rule(
            actor=self.request.actor,
            rule_id=self.kwargs["rule_id"],
            version=form.cleaned_data["version"],
            reason=form.cleaned_data["reason"],
        )
        messages.success(self.request, "The rule is retired.")
        return org_url(self.request, "attribution:list")
