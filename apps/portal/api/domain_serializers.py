"""Domains of consumption as JSON. A figure that nothing tells is null, never 0."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from apps.common.api.fields import money
from apps.ledger.api.serializers import CoverageSerializer, MoneySerializer
from apps.portal.rules.domains import SMALLEST_GROUP
from apps.portal.selectors.domain_people import Crowd, Person
from apps.portal.selectors.domains import DomainFigures, Line


def text_of(value: Decimal | None) -> str | None:
    """A decimal, exact, as text."""
    return None if value is None else f"{value:f}"


class DomainPlanSerializer(serializers.Serializer):
    """What the approved Token Story said, likely case, in the month of the last day."""

    story = serializers.CharField()
    noun = serializers.CharField(help_text="What it counts.")
    interactions_month = serializers.DecimalField(None, None, allow_null=True)
    tokens_per_interaction = serializers.DecimalField(None, None, allow_null=True)
    people = serializers.DecimalField(None, None, allow_null=True)
    per_person_month = serializers.DecimalField(None, None, allow_null=True)


class DomainLineSerializer(serializers.Serializer):
    """One capability. Shares are between 0 and 1."""

    capability_id = serializers.UUIDField()
    capability = serializers.CharField()
    unit_id = serializers.UUIDField()
    unit = serializers.CharField()
    tokens = serializers.IntegerField(allow_null=True)
    unpriced_tokens = serializers.IntegerField()
    cost = MoneySerializer(allow_null=True)
    counted_as = serializers.ChoiceField(
        ["runs", "calls", ""], help_text="What interactions are; empty where nothing counts them."
    )
    interactions = serializers.IntegerField(allow_null=True)
    interactions_month = serializers.DecimalField(None, None, allow_null=True)
    tokens_per_interaction = serializers.DecimalField(None, None, allow_null=True)
    cost_per_interaction = MoneySerializer(allow_null=True)
    calls_per_interaction = serializers.DecimalField(None, None, allow_null=True)
    retry_share = serializers.DecimalField(None, None, allow_null=True)
    batch_share = serializers.DecimalField(
        None,
        None,
        allow_null=True,
        help_text="Of data pipelines, and of the tokens whose service tier is stated.",
    )
    tier_stated_share = serializers.DecimalField(
        None, None, allow_null=True, help_text="Part of the tokens whose service tier is stated."
    )
    people = serializers.IntegerField(allow_null=True, help_text="Of business users only.")
    per_person_month = serializers.DecimalField(None, None, allow_null=True)
    plan = DomainPlanSerializer(allow_null=True)


class DomainSpreadSerializer(serializers.Serializer):
    """Tokens of a developer on a day with use: percentiles of real people."""

    p10 = serializers.IntegerField()
    p50 = serializers.IntegerField()
    p90 = serializers.IntegerField()
    p95 = serializers.IntegerField()


class DomainAdoptionSerializer(serializers.Serializer):
    active = serializers.IntegerField()
    seats = serializers.IntegerField()
    active_seats = serializers.IntegerField()
    share = serializers.DecimalField(None, None, allow_null=True)


class DomainToolSerializer(serializers.Serializer):
    """A coding tool. `told_tokens` stand beside the counted ones and are never added."""

    tool = serializers.CharField()
    tokens = serializers.IntegerField(allow_null=True)
    cost = MoneySerializer(allow_null=True)
    people = serializers.IntegerField(allow_null=True)
    seats = serializers.IntegerField(allow_null=True)
    active_seats = serializers.IntegerField(allow_null=True)
    told_tokens = serializers.IntegerField(allow_null=True)


class DomainPeopleSumSerializer(serializers.Serializer):
    """People of development and of business users, as numbers."""

    count = serializers.IntegerField()
    unnamed_tokens = serializers.IntegerField()
    tokens_a_day = DomainSpreadSerializer(
        allow_null=True,
        help_text=f"Null for fewer than {SMALLEST_GROUP} people unless people may be seen.",
    )
    adoption = DomainAdoptionSerializer(allow_null=True)
    tools = DomainToolSerializer(many=True)


class DomainSerializer(serializers.Serializer):
    """One domain over whole days, today left out."""

    kind = serializers.CharField()
    start = serializers.DateField()
    end = serializers.DateField(help_text="Day after the last one.")
    tokens = serializers.IntegerField(allow_null=True)
    annual_tokens = serializers.IntegerField(allow_null=True, help_text="At the pace of the days.")
    cost = MoneySerializer(allow_null=True)
    unpriced_tokens = serializers.IntegerField()
    interactions = serializers.IntegerField(allow_null=True)
    tokens_per_interaction = serializers.DecimalField(None, None, allow_null=True)
    cost_per_interaction = MoneySerializer(allow_null=True)
    calls_per_interaction = serializers.DecimalField(None, None, allow_null=True)
    retry_share = serializers.DecimalField(None, None, allow_null=True)
    batch_share = serializers.DecimalField(None, None, allow_null=True)
    tier_stated_share = serializers.DecimalField(None, None, allow_null=True)
    people = DomainPeopleSumSerializer(allow_null=True)
    capabilities = DomainLineSerializer(many=True)
    currency = serializers.CharField()
    data_as_of = serializers.DateTimeField(allow_null=True)
    coverage = CoverageSerializer()


class DomainPersonSerializer(serializers.Serializer):
    """`person` is a pseudonym unless the caller may see people."""

    person = serializers.CharField()
    calls = serializers.IntegerField(allow_null=True)
    days = serializers.IntegerField()
    tokens = serializers.IntegerField()
    tokens_per_call = serializers.IntegerField(allow_null=True)
    share = serializers.DecimalField(None, None, allow_null=True)
    cost = MoneySerializer(allow_null=True)


class DomainPeopleSerializer(serializers.Serializer):
    """Business users, the heaviest first. `hidden`: too few to be shown to the caller."""

    start = serializers.DateField()
    end = serializers.DateField()
    named = serializers.BooleanField()
    hidden = serializers.BooleanField()
    count = serializers.IntegerField()
    people = DomainPersonSerializer(many=True)


class DomainEstimateSerializer(serializers.Serializer):
    """A year: headcount x adoption x tokens a day x days, at the measured price."""

    headcount = serializers.IntegerField()
    adoption = serializers.DecimalField(None, None, help_text="Percent.")
    low = serializers.IntegerField()
    high = serializers.IntegerField()
    days = serializers.IntegerField()
    users = serializers.DecimalField(None, None)
    tokens_low = serializers.IntegerField()
    tokens_high = serializers.IntegerField()
    cost_low = MoneySerializer(allow_null=True)
    cost_high = MoneySerializer(allow_null=True)
    measured_annual_tokens = serializers.IntegerField(allow_null=True)


def line_json(line: Line, currency: str) -> dict[str, Any]:
    """One capability."""
    plan = line.promise
    return {
        "capability_id": line.key,
        "capability": line.label,
        "unit_id": str(line.capability.unit_id),
        "unit": line.unit,
        "tokens": line.tokens,
        "unpriced_tokens": line.unpriced_tokens,
        "cost": money(line.cost_nanos, currency),
        "counted_as": line.basis,
        "interactions": line.interactions,
        "interactions_month": text_of(line.interactions_month),
        "tokens_per_interaction": text_of(line.tokens_each),
        "cost_per_interaction": money(line.cost_each, currency),
        "calls_per_interaction": text_of(line.calls_each),
        "retry_share": text_of(line.retries),
        "batch_share": text_of(line.batch_share),
        "tier_stated_share": text_of(line.tier_stated),
        "people": line.people,
        "per_person_month": text_of(line.per_person_month),
        "plan": plan
        and {
            "story": plan.ref,
            "noun": plan.noun,
            "interactions_month": text_of(plan.interactions),
            "tokens_per_interaction": text_of(plan.tokens),
            "people": text_of(plan.people),
            "per_person_month": text_of(plan.per_person),
        },
    }


def domain_json(view: DomainFigures, crowd: Crowd | None) -> dict[str, Any]:
    """A domain with its capabilities and, as numbers, its people."""
    currency = view.settings.currency
    return {
        "kind": view.domain.kind,
        "start": view.window.start,
        "end": view.window.end,
        "tokens": view.tokens,
        "annual_tokens": view.annual_tokens,
        "cost": money(view.cost_nanos, currency),
        "unpriced_tokens": view.total.unpriced_tokens if view.total else 0,
        "interactions": view.interactions,
        "tokens_per_interaction": text_of(view.tokens_each),
        "cost_per_interaction": money(view.cost_each, currency),
        "calls_per_interaction": text_of(view.calls_each),
        "retry_share": text_of(view.retries),
        "batch_share": text_of(view.batch_share),
        "tier_stated_share": text_of(view.tier_stated),
        "people": crowd and _people(crowd, currency),
        "capabilities": [line_json(line, currency) for line in view.lines],
        "currency": currency,
        "data_as_of": view.data_as_of,
        "coverage": CoverageSerializer(view.coverage).data,
    }


def _people(crowd: Crowd, currency: str) -> dict[str, Any]:
    spread, adoption = crowd.spread, crowd.adoption
    return {
        "count": crowd.count,
        "unnamed_tokens": crowd.unnamed_tokens,
        "tokens_a_day": spread
        and {"p10": spread.low, "p50": spread.median, "p90": spread.high, "p95": spread.top},
        "adoption": adoption
        and {
            "active": adoption.active,
            "seats": adoption.seats,
            "active_seats": adoption.active_seats,
            "share": text_of(adoption.share),
        },
        "tools": [
            {
                "tool": tool.name,
                "tokens": tool.tokens,
                "cost": money(tool.cost_nanos, currency),
                "people": tool.people,
                "seats": tool.seats,
                "active_seats": tool.active,
                "told_tokens": tool.beside,
            }
            for tool in crowd.tools
        ],
    }


def person_json(person: Person, currency: str) -> dict[str, Any]:
    """One person's use."""
    return {
        "person": person.name,
        "calls": person.requests,
        "days": person.use.days,
        "tokens": person.tokens,
        "tokens_per_call": person.tokens_each,
        "share": text_of(person.share),
        "cost": money(person.cost_nanos, currency),
    }
