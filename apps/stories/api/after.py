"""After the approval, over the API: true-up, accuracy, planning gap, initiatives."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.organizations.selectors import organization
from apps.stories.selectors.accuracy import by, records
from apps.stories.selectors.gaps import planning_gaps
from apps.stories.selectors.progress import progress
from apps.stories.selectors.stories import story_by_ref
from apps.stories.selectors.trueup import true_up
from apps.stories.services.initiatives import import_initiatives


class PhaseSerializer(serializers.Serializer):
    """Likely estimate and measured use of one phase; null where nothing was measured."""

    phase = serializers.CharField(source="label")
    tokens_estimated = serializers.IntegerField()
    cost_estimated = serializers.IntegerField(help_text="nanos")
    tokens = serializers.IntegerField(allow_null=True)
    cost = serializers.IntegerField(allow_null=True, help_text="nanos")


class ForecastSerializer(serializers.Serializer):
    """The calendar year in nanos: measured months, and the others times `ratio`."""

    measured = serializers.IntegerField()
    low = serializers.IntegerField()
    likely = serializers.IntegerField()
    high = serializers.IntegerField()
    ratio = serializers.DecimalField(max_digits=20, decimal_places=6)
    months_measured = serializers.IntegerField()
    months_left = serializers.IntegerField()


class TrueUpSerializer(serializers.Serializer):
    """`effects` sum to measured minus likely cost of production, in nanos; null without months."""

    months = serializers.ListField(child=serializers.CharField())
    phases = PhaseSerializer(many=True)
    effects = serializers.DictField(child=serializers.IntegerField(), allow_null=True)
    forecast = ForecastSerializer(allow_null=True)


class TrueUpReportView(ActorMixin, APIView):
    """What moved a story's cost against its estimate; empty before its first whole month."""

    permission_required = {"GET": P.STORY_VIEW}

    @extend_schema(responses=TrueUpSerializer, operation_id="stories_true_up_report")
    def get(self, request: Request, ref: str) -> Response:
        story = story_by_ref(self.actor, ref)
        found = true_up(story, progress(story, zone=organization().timezone))
        shown: dict[str, Any] = {"months": [], "phases": [], "effects": None, "forecast": None}
        if found is not None:
            shown |= {
                "months": [str(month) for month in found.months],
                "phases": found.phases,
                "effects": found.drivers.parts if found.drivers else None,
                "forecast": found.forecast,
            }
        return Response(TrueUpSerializer(shown).data)


class AccuracySerializer(serializers.Serializer):
    """One story over its whole months; money in nanos, `change` is measured over estimated - 1."""

    story = serializers.CharField(source="story.ref")
    title = serializers.CharField(source="story.title")
    unit = serializers.UUIDField(source="story.unit_id")
    kind = serializers.CharField(source="story.kind")
    months = serializers.SerializerMethodField()
    estimated = serializers.IntegerField()
    measured = serializers.IntegerField()
    change = serializers.DecimalField(max_digits=20, decimal_places=6, allow_null=True)

    def get_months(self, record: Any) -> int:
        return len(record.months)


class GroupSerializer(serializers.Serializer):
    """Stories of one category; `contingency` is null for fewer than three."""

    kind = serializers.CharField(source="label")
    stories = serializers.IntegerField(source="cohort.count")
    typical = serializers.DecimalField(
        max_digits=20, decimal_places=6, allow_null=True, source="cohort.typical"
    )
    contingency = serializers.DecimalField(
        max_digits=20, decimal_places=6, allow_null=True, source="cohort.contingency"
    )


class AccuracyReportSerializer(serializers.Serializer):
    stories = AccuracySerializer(many=True)
    kinds = GroupSerializer(many=True)


class AccuracyView(ActorMixin, APIView):
    """How estimates turned out, by story and by category."""

    permission_required = {"GET": P.STORY_VIEW}

    @extend_schema(responses=AccuracyReportSerializer)
    def get(self, request: Request) -> Response:
        found = [record for record in records(self.actor) if record.change is not None]
        shown = {"stories": found, "kinds": by(found, lambda r: r.story.kind)}
        return Response(AccuracyReportSerializer(shown).data)


class GapSerializer(serializers.Serializer):
    kind = serializers.CharField()
    subject = serializers.CharField()
    detail = serializers.CharField()
    unit = serializers.UUIDField(source="unit_id", allow_null=True)
    cost_nanos = serializers.IntegerField(allow_null=True)
    story = serializers.CharField(source="ref")
    capability = serializers.UUIDField(source="capability_id", allow_null=True)
    url = serializers.CharField()


class GapsSerializer(serializers.Serializer):
    results = GapSerializer(many=True)


class GapsView(ActorMixin, APIView):
    """What runs or is planned without an estimate, what costs most first."""

    permission_required = {"GET": P.STORY_VIEW}

    @extend_schema(responses=GapsSerializer)
    def get(self, request: Request) -> Response:
        return Response(GapsSerializer({"results": planning_gaps(self.actor)}).data)


class TableSerializer(serializers.Serializer):
    """CSV text with the columns key and title; url and team where known."""

    table = serializers.CharField(max_length=2_000_000, trim_whitespace=False)


class ImportedSerializer(serializers.Serializer):
    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    same = serializers.IntegerField()


class InitiativesView(ActorMixin, APIView):
    """Take initiatives of a tracker; repeating changes nothing, one bad row takes none."""

    permission_required = {"POST": P.STORY_WRITE}

    @extend_schema(request=TableSerializer, responses=ImportedSerializer)
    def post(self, request: Request) -> Response:
        body = TableSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        done = import_initiatives(actor=self.actor, text=body.validated_data["table"])
        return Response(ImportedSerializer(done).data)
