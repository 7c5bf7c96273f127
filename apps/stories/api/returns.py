"""Stories without a return to rely on, over the API."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import generics, serializers

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common import clock
from apps.common.api.fields import MoneyField
from apps.common.errors import Invalid
from apps.organizations.selectors import organization
from apps.stories.models import StoryRevision
from apps.stories.selectors.returns import Doubt, doubts, in_doubt, of_doubt, policy


class ReturnSerializer(serializers.ModelSerializer):
    """The version in force of a story, and why its return is in doubt."""

    story = serializers.CharField(source="story.ref", read_only=True)
    unit = serializers.UUIDField(source="story.unit_id", read_only=True)
    status = serializers.CharField(source="story.status", read_only=True)
    doubts = serializers.SerializerMethodField()
    lifetime_cost = MoneyField(source="lifetime_cost_likely", read_only=True)
    month_cost = MoneyField(source="month_cost_likely", read_only=True)
    month_value = MoneyField(source="value_month_nanos", read_only=True)

    class Meta:
        model = StoryRevision
        fields = (
            "story",
            "title",
            "unit",
            "status",
            "number",
            "doubts",
            "lifetime_cost",
            "month_cost",
            "month_value",
            "value_confidence",
            "value_measure_on",
            "value_owner",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(Doubt.choices())))
    def get_doubts(self, row: StoryRevision) -> Sequence[str]:
        rule, today = self.context["rule"], self.context["today"]
        return [doubt.value for doubt in doubts(row, rule, today)]


@extend_schema(
    parameters=[
        OpenApiParameter("doubt", str, enum=[value for value, _ in Doubt.choices()]),
    ]
)
class ReturnsView(ActorMixin, generics.ListAPIView):
    """Stories near or above the amount finance sets whose return is not stated in full, below
    their cost or unsure, and those of any size whose measurement is overdue."""

    permission_required = {"GET": P.STORY_VIEW}
    serializer_class = ReturnSerializer

    def get_queryset(self) -> QuerySet[StoryRevision]:
        if getattr(self, "swagger_fake_view", False):
            return StoryRevision._base_manager.none()
        rows, wanted = in_doubt(self.actor), self.request.query_params.get("doubt", "")
        if not wanted:
            return rows
        if wanted not in dict(Doubt.choices()):
            known = ", ".join(value for value, _ in Doubt.choices())
            raise Invalid("This is not a reason.", field="doubt", fix=f"Send one of {known}.")
        return of_doubt(rows, Doubt(wanted))

    def get_serializer_context(self) -> Mapping[str, Any]:
        context = super().get_serializer_context()
        if getattr(self, "swagger_fake_view", False):
            return context
        return {**context, "rule": policy(), "today": clock.today(organization().timezone)}
