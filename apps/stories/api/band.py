"""Months of a story outside what was approved, and the one that is forecast to be."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.stories.enums import BandCause, BandOutcome
from apps.stories.models import BandExit, BandWarning
from apps.stories.selectors.standing import band_ahead
from apps.stories.selectors.stories import story_by_ref


class BandExitSerializer(serializers.ModelSerializer):
    """A month that left what was approved, and what was decided about it. Money in nanos, as it was
    when it was found; limit and likely cost only where a budget was used up."""

    cause = serializers.ChoiceField(BandCause.choices())
    outcome = serializers.ChoiceField(BandOutcome.choices())

    class Meta:
        model = BandExit
        fields = (
            "month",
            "cause",
            "outcome",
            "measured_nanos",
            "estimated_nanos",
            "p90_nanos",
            "limit_nanos",
            "likely_nanos",
            "found_at",
        )


class BandWarningSerializer(serializers.ModelSerializer):
    """The running month, forecast above the P90 of the approved estimate: no decision follows
    before it is over. Low, likely and high are the P10, P50 and P90 of the forecast in nanos."""

    class Meta:
        model = BandWarning
        fields = (
            "month",
            "days",
            "measured_nanos",
            "low_nanos",
            "likely_nanos",
            "high_nanos",
            "p90_nanos",
            "warned_at",
        )


class StoryBandSerializer(serializers.Serializer):
    exits = BandExitSerializer(many=True)
    warning = BandWarningSerializer(allow_null=True)


class StoryBandView(ActorMixin, APIView):
    """What a story did outside its approval, the latest month first; the warning of the running
    month, null where there is none."""

    permission_required = {"GET": P.STORY_VIEW}

    @extend_schema(responses=StoryBandSerializer, operation_id="stories_band")
    def get(self, request: Request, ref: str) -> Response:
        story = story_by_ref(self.actor, ref)
        found = {"exits": story.exits.order_by("-month"), "warning": band_ahead(story)}
        return Response(StoryBandSerializer(found).data)
