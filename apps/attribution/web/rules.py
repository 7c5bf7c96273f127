"""The list of rules, and the box that says what they would decide."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.attribution import selectors, words
from apps.attribution.enums import Confidence, Phase, RuleConfidence, RuleStatus
from apps.attribution.models import AttributionRule
from apps.attribution.rules import Assignment, Dimensions
from apps.common import clock
from apps.common.web.lists import Action, ChoiceFilter, Column, Empty, ListPage, RelationFilter
from apps.organizations.selectors import organization, units
from apps.portfolio.selectors import capability_names
from apps.tenancy.urls import org_url

TAG_PAIRS = 32


@requires(P.ATTRIBUTION_VIEW)
class RuleList(ListPage):
    """Ordered rules; the first that matches and names an owner decides."""

    title = "Attribution rules"
    lede = (
        "The first rule that matches and names a team, capability or story decides to whom usage "
        "belongs. What a caller states itself comes before all rules."
    )
    noun = ("rule", "rules")
    filename = "attribution-rules"
    columns = (
        Column(
            "name",
            "Rule",
            sort="name",
            link=lambda rule, request: org_url(request, "attribution:edit", rule.id),
        ),
        Column(
            "position",
            "Order",
            sort="position",
            value=lambda rule: rule.position if rule.status == RuleStatus.ACTIVE else None,
            align="num",
        ),
        Column("conditions", "When", value=words.conditions_text, full=True),
        Column("target", "Then", value=words.target_text, full=True),
        Column("dates", "In force", value=words.dates_text),
        Column("confidence", "Confidence", value=lambda r: RuleConfidence(r.confidence).label),
        Column("status", "Status", value=lambda rule: RuleStatus(rule.status).label),
    )
    filters = (
        ChoiceFilter("status", "Status", choices=RuleStatus.choices()),
        RelationFilter("unit", "Team", choices=lambda request: units().values_list("id", "name")),
        ChoiceFilter("phase", "Phase", choices=Phase.choices()),
    )
    default_sort = "status,position"

    def get_queryset(self) -> QuerySet[AttributionRule]:
        return selectors.all_rules()

    def get_actions(self) -> list[Action]:
        actions = [Action("Test box", org_url(self.request, "attribution:test"), "search")]
        if can(self.request.actor, P.ATTRIBUTION_MANAGE):
            url = org_url(self.request, "attribution:new")
            actions.append(Action("Add a rule", url, "plus", primary=True))
        return actions

    def get_empty(self) -> Empty:
        body = "Without rules, usage belongs to nobody unless its caller says so."
        if not can(self.request.actor, P.ATTRIBUTION_MANAGE):
            return Empty("No rules yet", body, icon="route")
        url = org_url(self.request, "attribution:new")
        return Empty("No rules yet", body, "Add a rule", url, "route")

    def row_class(self, obj: AttributionRule) -> str:
        return "mut" if obj.status == RuleStatus.RETIRED else ""


class TestForm(forms.Form):
    """One imaginary quantity of usage."""

    provider = forms.CharField(label="Provider", required=False, max_length=255)
    account = forms.CharField(label="Provider account", required=False, max_length=255)
    project = forms.CharField(label="Project", required=False, max_length=255)
    api_key = forms.CharField(label="API key", required=False, max_length=255)
    user = forms.CharField(label="User", required=False, max_length=255)
    model = forms.CharField(label="Model", required=False, max_length=255)
    repository = forms.CharField(label="Repository", required=False, max_length=255)
    branch = forms.CharField(label="Branch", required=False, max_length=255)
    tags = forms.CharField(
        label="Tags", required=False, max_length=2000, help_text="team=claims, env=prod"
    )
    day = forms.DateField(
        label="Day", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def clean_tags(self) -> dict[str, str]:
        pairs = [p for p in self.cleaned_data["tags"].replace("\n", ",").split(",") if p.strip()]
        if len(pairs) > TAG_PAIRS or any("=" not in pair for pair in pairs):
            raise forms.ValidationError("Write tags as name=value, separated by commas.")
        split = (pair.split("=", 1) for pair in pairs)
        return {name.strip(): value.strip() for name, value in split}

    def dimensions(self) -> Dimensions:
        data = {k: v for k, v in self.cleaned_data.items() if k not in ("day", "tags")}
        return Dimensions(**data, tags=self.cleaned_data["tags"])


@requires(P.ATTRIBUTION_VIEW)
def test_box(request: HttpRequest) -> HttpResponse:
    """What the rules decide for the usage described in the query string."""
    asked = bool(request.GET)
    form = TestForm(request.GET if asked else None)
    context: dict[str, Any] = {
        "title": "Test attribution",
        "crumbs": [
            ("Attribution rules", org_url(request, "attribution:list")),
            ("Test attribution", ""),
        ],
        "form": form,
    }
    if asked and form.is_valid():
        day = form.cleaned_data["day"] or clock.today(organization().timezone)
        dims = form.dimensions()
        compiled = selectors.rule_set()
        context["answer"] = describe(compiled.attribute(dims, day))
        rows = selectors.active_rules().in_bulk()
        context["matched"] = [
            (rows[rule.id], used) for rule, used in compiled.explain(dims, day) if rule.id in rows
        ]
    status = 422 if asked and form.errors else 200
    return render(request, "attribution/test.html", context, status=status)


def describe(found: Assignment) -> dict[str, Any]:
    """An assignment with names instead of ids."""
    unit = units().filter(id=found.unit_id).first() if found.unit_id else None
    names = capability_names([found.capability_id]) if found.capability_id else {}
    return {
        "unit": unit.name if unit else "",
        "capability": names.get(found.capability_id, "") if found.capability_id else "",
        "story_id": found.story_id,
        "phase": Phase(found.phase).label if found.phase else "",
        "work_item": found.work_item,
        "confidence": Confidence(found.confidence),
    }
