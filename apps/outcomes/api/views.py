"""Cost per outcome, delivery per token and decisions over the API."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common.api.examples import request_example
from apps.common.api.fields import MoneyField
from apps.common.errors import Invalid
from apps.outcomes.enums import Basis, Due, Standing, Unknown, Verdict
from apps.outcomes.models import WorthDecision
from apps.outcomes.selectors.decisions import decisions_of
from apps.outcomes.selectors.worth import Worth, trend, worth_in_sight, worth_of
from apps.outcomes.services import record_decision

DECISION = request_example(
    "redesign",
    "A redesign, looked at again in March",
    {
        "verdict": "redesign",
        "reason": "Each answer costs more than the call it replaces: trim the context first.",
        "owner": "PERSON-ID",
        "review_on": "2027-03-01",
        "seen": 0,
    },
)


class DecisionSerializer(serializers.ModelSerializer):
    """One decision, with the figures of its day."""

    verdict = serializers.ChoiceField(Verdict.choices(), read_only=True)
    cost = MoneyField(source="cost_nanos", read_only=True, allow_null=True)
    value = MoneyField(source="value_nanos", read_only=True, allow_null=True)

    class Meta:
        model = WorthDecision
        fields = (
            "number",
            "verdict",
            "reason",
            "owner",
            "owner_name",
            "review_on",
            "story_ref",
            "standing",
            "basis",
            "cost",
            "value",
            "decided_at",
            "decided_by_name",
        )
        read_only_fields = fields


class GivenSerializer(serializers.Serializer):
    """`lost` is cost minus value, negative where it is worth it. Money in nanos of `currency`."""

    cost_nanos = serializers.IntegerField()
    value_nanos = serializers.IntegerField()
    lost_nanos = serializers.IntegerField()
    tokens = serializers.IntegerField()
    outcomes = serializers.DecimalField(24, 4, source="units")
    cost_per_outcome_nanos = serializers.IntegerField(source="cost_per_outcome", allow_null=True)
    alternative_nanos = serializers.IntegerField()
    outcomes_per_million_tokens = serializers.DecimalField(
        24, 6, source="units_per_million", allow_null=True
    )
    value_per_million_tokens_nanos = serializers.IntegerField(
        source="value_per_million", allow_null=True
    )


class WorthSerializer(serializers.Serializer):
    """One capability. `given` is null where `unknown` says why nothing can be compared."""

    capability = serializers.UUIDField(source="capability.id")
    code = serializers.CharField(source="capability.slug")
    name = serializers.CharField(source="capability.name")
    unit = serializers.UUIDField(source="capability.unit_id")
    story = serializers.SerializerMethodField()
    outcome = serializers.SerializerMethodField(help_text="The unit of an outcome.")
    standing = serializers.ChoiceField(Standing.choices())
    basis = serializers.ChoiceField(Basis.choices(), allow_null=True)
    unknown = serializers.ChoiceField(Unknown.choices(), allow_null=True)
    currency = serializers.CharField()
    given = GivenSerializer(allow_null=True)
    due = serializers.ChoiceField(Due.choices())
    decision = DecisionSerializer(allow_null=True)

    def get_story(self, worth: Worth) -> str | None:
        return worth.hypothesis.story.ref if worth.hypothesis else None

    def get_outcome(self, worth: Worth) -> str:
        return worth.hypothesis.revision.value_unit if worth.hypothesis else ""


class WorthsSerializer(serializers.Serializer):
    """Every capability in sight, the most money lost a month first."""

    results = WorthSerializer(many=True)


class MonthSerializer(serializers.Serializer):
    """One whole month at the change known today; null where its use has no price."""

    month = serializers.CharField()
    given = GivenSerializer(allow_null=True)


class WorthDetailSerializer(WorthSerializer):
    months = MonthSerializer(many=True)
    decisions = DecisionSerializer(many=True)


class NewDecisionSerializer(serializers.Serializer):
    """`owner` is a membership, `seen` the number of the newest decision known, 0 for none."""

    verdict = serializers.ChoiceField(Verdict.choices())
    reason = serializers.CharField(max_length=2000)
    owner = serializers.UUIDField()
    review_on = serializers.DateField()
    seen = serializers.IntegerField(min_value=0)


class WorthListView(ActorMixin, APIView):
    """Cost per outcome against its alternative, and delivery per token, by capability."""

    permission_required = {"GET": P.STORY_VIEW}

    @extend_schema(
        operation_id="worth_list",
        parameters=[OpenApiParameter("standing", str, enum=[v for v, _ in Standing.choices()])],
        responses=WorthsSerializer,
    )
    def get(self, request: Request) -> Response:
        rows, wanted = worth_in_sight(self.actor), request.query_params.get("standing", "")
        if wanted:
            if wanted not in dict(Standing.choices()):
                raise Invalid(
                    "This is not a standing.",
                    field="standing",
                    fix=f"Send one of {', '.join(value for value, _ in Standing.choices())}.",
                )
            rows = [row for row in rows if row.standing == wanted]
        return Response(WorthsSerializer({"results": rows}).data)


class WorthView(ActorMixin, APIView):
    """One capability with its months and every decision."""

    permission_required = {"GET": P.STORY_VIEW}

    @extend_schema(operation_id="worth_retrieve", responses=WorthDetailSerializer)
    def get(self, request: Request, capability_id: UUID) -> Response:
        worth = worth_of(self.actor, capability_id)
        shown: dict[str, Any] = {
            "months": [{"month": str(m.month), "given": m.given} for m in trend(worth)],
            "decisions": list(decisions_of(capability_id)),
        }
        base = WorthSerializer(worth).data
        more = {
            "months": MonthSerializer(shown["months"], many=True).data,
            "decisions": DecisionSerializer(shown["decisions"], many=True).data,
        }
        return Response({**base, **more})


class DecisionsView(ActorMixin, APIView):
    """Decide about a capability. People do, keys may not."""

    permission_required = {"POST": P.APPROVAL_DECIDE}

    @extend_schema(
        request=NewDecisionSerializer, responses={201: DecisionSerializer}, examples=[DECISION]
    )
    def post(self, request: Request, capability_id: UUID) -> Response:
        """409 when somebody decided after `seen`; 403 about a capability of one's own."""
        body = NewDecisionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        data = dict(body.validated_data)
        made = record_decision(
            actor=self.actor, capability_id=capability_id, owner_id=data.pop("owner"), **data
        )
        return Response(DecisionSerializer(made).data, status=status.HTTP_201_CREATED)
