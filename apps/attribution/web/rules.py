"""The list of rules, and the box that says what they would decide."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import requires
from apps.attribution import selectors, services, words
from apps.attribution.enums import Confidence, Phase, RuleConfidence, RuleStatus
from apps.attribution.models import AttributionRule, RuleUse
from apps.attribution.rules import Assignment, Dimensions
from apps.attribution.services import MAX_RULES
from apps.common import clock, fmt
from apps.common.errors import Invalid
from apps.common.money import from_nanos
from apps.common.templatetags.ui import icon
from apps.common.web.lists import (
    Action,
    ChoiceFilter,
    Column,
    Empty,
    ListPage,
    RelationFilter,
    SearchFilter,
)
from apps.organizations.selectors import organization, units
from apps.portfolio.selectors import capability_names
from apps.tenancy.urls import org_url

TAG_PAIRS = 32


_CSV: dict[str, Any] = {"in_table": False}
POSITION = Column(
    "position",
    "Order",
    sort="position",
    value=lambda rule: rule.position if rule.status == RuleStatus.ACTIVE else None,
    align="num",
    phone=False,
)


@dataclass(frozen=True, slots=True)
class RuleSearch(SearchFilter):
    """Every word occurs in what the list shows of a rule: name, conditions, target."""

    def apply(self, qs: Any, value: Any) -> Any:
        wanted = value.casefold().split()
        found = [row.id for row in qs if all(word in words.search_text(row) for word in wanted)]
        return qs.filter(id__in=found)


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
        POSITION,
        Column("conditions", "When", value=words.conditions_text, full=True),
        Column("target", "Then", value=words.target_text, full=True),
        Column("dates", "In force", value=words.dates_text, phone=False),
        Column(
            "confidence",
            "Confidence",
            value=lambda r: RuleConfidence(r.confidence).label,
            phone=False,
        ),
        Column("status", "Status", value=lambda rule: RuleStatus(rule.status).label),
    )
    filters = (
        RuleSearch("q", "Search", placeholder="Name, value, team…"),
        ChoiceFilter("status", "Status", choices=RuleStatus.choices()),
        RelationFilter("unit", "Team", choices=lambda request: units().values_list("id", "name")),
        ChoiceFilter("phase", "Phase", choices=Phase.choices()),
    )
    default_sort = "status,position"

    def get_queryset(self) -> QuerySet[AttributionRule]:
        return selectors.all_rules()

    def get_columns(self) -> Sequence[Column]:
        """With buttons that move a rule, for those who may, where the list is in its order."""
        currency = organization().currency
        columns = [
            *super().get_columns(),
            Column(
                "decided",
                "Decided, 30 days",
                value=lambda rule: fmt.count(use.records) if (use := self.uses.get(rule.id)) else 0,
                sub=lambda rule: (
                    fmt.money(use.cost_nanos, currency) if (use := self.uses.get(rule.id)) else ""
                ),
                align="num",
                in_csv=False,
            ),
            Column("records", "Records, 30 days", value=partial(self._use, "records"), **_CSV),
            Column("tokens", "Tokens, 30 days", value=partial(self._use, "tokens"), **_CSV),
            Column(
                "cost",
                f"Cost, 30 days ({currency})",
                value=lambda rule: from_nanos(self._use("cost_nanos", rule)),
                **_CSV,
            ),
        ]
        if can(self.request.actor, P.ATTRIBUTION_MANAGE):
            columns.append(
                Column(
                    "move",
                    "Move",
                    value=partial(_move_buttons, self.request, self.last),
                    in_csv=False,
                    hide_label=True,
                )
            )
        return columns

    @cached_property
    def uses(self) -> dict[UUID, RuleUse]:
        return selectors.rule_uses()

    def _use(self, name: str, rule: AttributionRule) -> int:
        use = self.uses.get(rule.id)
        return getattr(use, name) if use else 0

    def get_title(self) -> str:
        """The answer: which rules are of no use."""
        every = len(self.active)
        if not every:
            return "No rule decides to whom usage belongs"
        if not self.uses:
            return f"{fmt.plural(every, 'rule')}, not counted yet"
        working = {use.rule_id for use in self.uses.values() if use.records}
        idle = sum(rule_id not in working for rule_id in self.active)
        if not idle:
            return "Each rule decided something in 30 days"
        return f"{idle} of {fmt.plural(every, 'rule')} decided nothing in 30 days"

    def get_lede(self) -> str:
        counted = max((use.as_of for use in self.uses.values()), default=None)
        if counted is None:
            return self.lede
        return f"{self.lede} What each decided is counted every hour, last {_moment(counted)}."

    @cached_property
    def active(self) -> list[UUID]:
        return list(selectors.active_rules().values_list("id", flat=True))

    @cached_property
    def last(self) -> int:
        """The position of the last active rule."""
        return len(self.active)

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


def _moment(at: datetime) -> str:
    return fmt.moment(at, organization().timezone)


def _move_buttons(request: HttpRequest, last: int, rule: AttributionRule) -> SafeString | str:
    """A form with up and down; an end of the list has one of them."""
    if rule.status != RuleStatus.ACTIVE or last < 2:
        return ""
    buttons = [
        format_html(
            '<button class="btn ghost sm" name="to" value="{}" aria-label="{}">{}</button>',
            rule.position + step,
            f"Move {rule.name} {way}",
            icon(f"arrow-{way}"),
        )
        for way, step in (("up", -1), ("down", 1))
        if 1 <= rule.position + step <= last
    ]
    return format_html(
        '<form class="row" method="post" action="{}">'
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">'
        '<input type="hidden" name="at" value="{}">'
        '<input type="hidden" name="back" value="{}">{}</form>',
        org_url(request, "attribution:move", rule.id),
        get_token(request),
        rule.position,
        request.GET.urlencode(),
        SafeString("".join(buttons)),
    )


class MoveForm(forms.Form):
    """Where a rule goes, and where the person saw it."""

    to = forms.IntegerField(min_value=1, max_value=MAX_RULES)
    at = forms.IntegerField(min_value=1, max_value=MAX_RULES)


@require_POST
@requires(P.ATTRIBUTION_MANAGE)
def move(request: HttpRequest, rule_id: UUID) -> HttpResponse:
    """Put a rule before or after its neighbour; back to the list as it was."""
    form = MoveForm(request.POST)
    if not form.is_valid():
        raise Invalid("There is no such place.", field="to", fix="Use the buttons of the list.")
    services.move_rule(
        actor=request.actor,
        rule_id=rule_id,
        position=form.cleaned_data["to"],
        expected=form.cleaned_data["at"],
    )
    rule = selectors.rule(rule_id)
    messages.success(request, f"{rule.name} is number {rule.position} now.")
    back = QueryDict(request.POST.get("back", "")[:2_000]).urlencode()
    return redirect(org_url(request, "attribution:list") + (f"?{back}" if back else ""))


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
