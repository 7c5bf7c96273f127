"""After the approval, over the API: true-up, accuracy, planning gap, initiatives."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common.errors import Invalid
from apps.organizations.selectors import organization
from apps.stories.api import examples
from apps.stories.selectors.accuracy import by, over_time, records
from apps.stories.selectors.diff import compare
from apps.stories.selectors.gaps import planning_gaps
from apps.stories.selectors.progress import progress
from apps.stories.selectors.stories import revision_by_number, story_by_ref
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


class MonthTrueUpSerializer(serializers.Serializer):
    """One whole month. `effects` sum to its measured minus likely cost of production, in nanos."""

    month = serializers.CharField()
    phases = PhaseSerializer(many=True)
    effects = serializers.DictField(
        child=serializers.IntegerField(), allow_null=True, source="drivers.parts", default=None
    )


class TrueUpSerializer(serializers.Serializer):
    """`effects` sum to measured minus likely cost of production, in nanos; null without months."""

    months = serializers.ListField(child=serializers.CharField())
    phases = PhaseSerializer(many=True)
    by_month = MonthTrueUpSerializer(many=True)
    effects = serializers.DictField(child=serializers.IntegerField(), allow_null=True)
    forecast = ForecastSerializer(allow_null=True)


class TrueUpReportView(ActorMixin, APIView):
    """What moved a story's cost against its estimate; empty before its first whole month."""

    permission_required = {"GET": P.STORY_VIEW}

    @extend_schema(responses=TrueUpSerializer, operation_id="stories_true_up_report")
    def get(self, request: Request, ref: str) -> Response:
        story = story_by_ref(self.actor, ref)
        found = true_up(story, progress(story, zone=organization().timezone))
        shown: dict[str, Any] = {
            "months": [],
            "phases": [],
            "by_month": [],
            "effects": None,
            "forecast": None,
        }
        if found is not None:
            shown |= {
                "months": [str(month) for month in found.months],
                "phases": found.phases,
                "by_month": found.by_month,
                "effects": found.drivers.parts if found.drivers else None,
                "forecast": found.forecast,
            }
        return Response(TrueUpSerializer(shown).data)


class DiffRowSerializer(serializers.Serializer):
    """One assumption or figure, as people read it."""

    label = serializers.CharField()  # type: ignore[assignment]
    before = serializers.CharField()
    after = serializers.CharField()
    change = serializers.CharField()
    changed = serializers.BooleanField()


class DiffSerializer(serializers.Serializer):
    """Rows that changed, and the key figures whether they changed or not."""

    old = serializers.IntegerField()
    new = serializers.IntegerField()
    rows = DiffRowSerializer(many=True)


@extend_schema(
    parameters=[
        OpenApiParameter("old", int, required=True, description="A version."),
        OpenApiParameter("new", int, required=True, description="Another version."),
    ]
)
class DiffView(ActorMixin, APIView):
    """Any two versions of a story side by side."""

    permission_required = {"GET": P.STORY_VIEW}

    @extend_schema(responses=DiffSerializer)
    def get(self, request: Request, ref: str) -> Response:
        story = story_by_ref(self.actor, ref)
        old, new = (_number(request, name) for name in ("old", "new"))
        rows = compare(revision_by_number(story, old), revision_by_number(story, new))
        return Response(DiffSerializer({"old": old, "new": new, "rows": rows}).data)


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    if not text.isdecimal() or len(text) > 6:
        raise Invalid("This is not a version.", field=name, fix="Send a number, such as 1.")
    return int(text)


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


class MonthAccuracySerializer(serializers.Serializer):
    """All compared stories of a group in one month, in nanos."""

    month = serializers.CharField()
    estimated = serializers.IntegerField()
    measured = serializers.IntegerField()


class GroupSerializer(serializers.Serializer):
    """Stories of one team or category; `contingency` is null for fewer than three."""

    name = serializers.CharField(source="label", help_text="Unit id, or category.")
    stories = serializers.IntegerField(source="cohort.count")
    typical = serializers.DecimalField(
        max_digits=20, decimal_places=6, allow_null=True, source="cohort.typical"
    )
    contingency = serializers.DecimalField(
        max_digits=20, decimal_places=6, allow_null=True, source="cohort.contingency"
    )
    months = serializers.SerializerMethodField()

    @extend_schema_field(MonthAccuracySerializer(many=True))
    def get_months(self, group: Any) -> Any:
        rows = [
            {"month": str(month), "estimated": estimated, "measured": measured}
            for month, estimated, measured in over_time(group.records)
        ]
        return MonthAccuracySerializer(rows, many=True).data


class AccuracyReportSerializer(serializers.Serializer):
    stories = AccuracySerializer(many=True)
    teams = GroupSerializer(many=True)
    kinds = GroupSerializer(many=True)


class AccuracyView(ActorMixin, APIView):
    """How estimates turned out: by story, by team and by category, over the months."""

    permission_required = {"GET": P.STORY_VIEW}

    @extend_schema(responses=AccuracyReportSerializer)
    def get(self, request: Request) -> Response:
        found = [record for record in records(self.actor) if record.change is not None]
        shown = {
            "stories": found,
            "teams": by(found, lambda r: str(r.story.unit_id)),
            "kinds": by(found, lambda r: r.story.kind),
        }
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

    @extend_schema(
        request=TableSerializer, responses=ImportedSerializer, examples=[examples.INITIATIVES]
    )
    def post(self, request: Request) -> Response:
        body = TableSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        done = import_initiatives(actor=self.actor, text=body.validated_data["table"])
        return Response(ImportedSerializer(done).data)
