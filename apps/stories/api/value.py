"""What stories turned out to be worth, over the API."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common import clock
from apps.common.api.fields import MoneyField
from apps.organizations.selectors import organization
from apps.stories import services
from apps.stories.api import examples
from apps.stories.enums import ValueOutcome
from apps.stories.models import ValueReport
from apps.stories.selectors.stories import approved_revision, story_by_ref
from apps.stories.selectors.value import ValueState, reports_of, value_state


class ValueReportSerializer(serializers.ModelSerializer):
    """One measurement. `month` is what the measured change is worth a month."""

    outcome = serializers.ChoiceField(ValueOutcome.choices(), read_only=True)
    month = MoneyField(source="month_nanos", read_only=True)

    class Meta:
        model = ValueReport
        fields = (
            "id",
            "revision_number",
            "measured_on",
            "expected_change",
            "measured_change",
            "outcome",
            "month",
            "note",
            "evidence_url",
            "reported_at",
            "reported_by_name",
        )
        read_only_fields = fields


class StoryValueSerializer(serializers.Serializer):
    """Where the hypothesis stands, and every measurement, the newest first."""

    state = serializers.ChoiceField(ValueState.choices())
    reports = ValueReportSerializer(many=True)


class NewValueReportSerializer(serializers.Serializer):
    """The measured change in the unit and direction of the hypothesis, and how it was measured."""

    measured_change = serializers.DecimalField(20, 4)
    measured_on = serializers.DateField()
    note = serializers.CharField(max_length=2000)
    evidence_url = serializers.CharField(
        max_length=500, required=False, allow_blank=True, default=""
    )


class StoryValueView(ActorMixin, APIView):
    """What a story turned out to be worth. POST keeps a measurement; none is ever changed."""

    permission_required = {"GET": P.STORY_VIEW, "POST": P.STORY_VIEW}

    @extend_schema(responses=StoryValueSerializer)
    def get(self, request: Request, ref: str) -> Response:
        story = story_by_ref(self.actor, ref)
        approved = approved_revision(story)
        reports = list(reports_of(story))
        for report in reports:
            report.currency = story.currency  # type: ignore[attr-defined]
        state = value_state(approved, reports, clock.today(organization().timezone))
        return Response(StoryValueSerializer({"state": state, "reports": reports}).data)

    @extend_schema(
        request=NewValueReportSerializer,
        responses={201: ValueReportSerializer},
        examples=[examples.VALUE_REPORT],
    )
    def post(self, request: Request, ref: str) -> Response:
        """By who writes the story, or by the owner of the hypothesis."""
        story = story_by_ref(self.actor, ref)
        body = NewValueReportSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = services.report_value(actor=self.actor, story_id=story.id, **body.validated_data)
        made.currency = story.currency  # type: ignore[attr-defined]
        return Response(ValueReportSerializer(made).data, status=status.HTTP_201_CREATED)
