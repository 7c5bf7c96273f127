"""Usage that belongs to nobody, and re-attribution."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.common.api.fields import money
from apps.ledger.api.serializers.figures import MoneySerializer
from apps.ledger.enums import JobStatus
from apps.ledger.selectors.ownership import GROUPS, WAYS, Covered
from apps.ledger.selectors.suggestions import Orphan


class SuggestionSerializer(serializers.Serializer):
    """The likeliest owner. Accept it by adding an attribution rule."""

    kind = serializers.ChoiceField(["capability", "unit"])
    id = serializers.UUIDField()
    name = serializers.CharField()
    score = serializers.FloatField(help_text="How sure, 0 to 1.")
    reason = serializers.CharField()


class UnattributedSerializer(serializers.Serializer):
    """Usage that belongs to nobody, the last 90 days: of one API key and project, or, where no key
    is stated, of one project and user. `field` and `value` are what a rule would compare; the value
    is empty, and `user` another word for the person, where you may not see people."""

    api_key_id = serializers.CharField(allow_null=True)
    api_key = serializers.CharField()
    project_id = serializers.CharField(allow_null=True)
    project = serializers.CharField()
    user = serializers.CharField(allow_null=True)
    field = serializers.CharField()
    value = serializers.CharField()
    tokens = serializers.IntegerField()
    requests = serializers.IntegerField()
    cost = MoneySerializer(allow_null=True)
    suggestion = SuggestionSerializer(allow_null=True)


def orphan_json(found: Orphan, currency: str) -> dict[str, Any]:
    """A line of the unattributed queue."""
    row, part, guess = found.row, found.part, found.suggestion
    return {
        "api_key_id": part.api_key,
        "api_key": part.api_key_label,
        "project_id": part.project,
        "project": part.project_label,
        "user": part.user,
        "field": part.field,
        "value": part.value,
        "tokens": row.tokens.total,
        "requests": row.requests,
        "cost": money(row.cost_nanos, currency),
        "suggestion": guess
        and {
            "kind": guess.candidate.kind,
            "id": str(guess.candidate.id),
            "name": guess.candidate.name,
            "score": round(guess.score, 3),
            "reason": guess.reason,
        },
    }


class CoveredQuerySerializer(serializers.Serializer):
    by = serializers.ChoiceField(list(GROUPS), default="source")


class CoveredSerializer(serializers.Serializer):
    """How the cost of one group of the last 30 days found its owner. `key` tells groups apart, and
    `account` projects of the same name; `aside` is what people see beside a name that several
    have. Shares are 0 to 1, null without cost."""

    key = serializers.CharField(help_text="Empty where usage states none.")
    name = serializers.CharField(source="label")
    account = serializers.CharField()
    aside = serializers.CharField()
    cost = serializers.SerializerMethodField()
    owned = serializers.FloatField(allow_null=True)
    ways = serializers.SerializerMethodField()

    @extend_schema_field(MoneySerializer)
    def get_cost(self, row: Covered) -> dict[str, Any] | None:
        return money(row.cost_nanos, self.context["currency"])

    def get_ways(self, row: Covered) -> dict[str, float | None]:
        return {way: row.share(way) for way in (*WAYS, "none")}


class CoverageAnswerSerializer(serializers.Serializer):
    results = CoveredSerializer(many=True)


class ReattributionSerializer(serializers.Serializer):
    """A run of the attribution rules over recorded usage of open periods."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(JobStatus.choices)
    total = serializers.IntegerField(help_text="Dimension sets to look at.")
    looked = serializers.IntegerField()
    changed = serializers.IntegerField()
    moved = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_moved(self, row: Any) -> dict[str, Any] | None:
        return money(row.moved_nanos, self.context["currency"])
