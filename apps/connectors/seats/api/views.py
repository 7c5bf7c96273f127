"""Seats over the API."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common.api.bodies import checked
from apps.connectors.api import examples
from apps.connectors.seats import selectors, services
from apps.connectors.seats.models import Seat, SeatPlan
from apps.ledger.query.persons import Sight, refuse_names


class PlanSerializer(serializers.ModelSerializer):
    """What a seat costs a month, in nanos; null: nobody has stated it."""

    class Meta:
        model = SeatPlan
        fields = ("id", "name", "source", "price_nanos", "currency", "included", "version")
        read_only_fields = ("id", "source", "currency")


class LineSerializer(serializers.Serializer):
    """A plan in a month. `effective_nanos` is nanos per million tokens. `shared`: its source serves
    other plans too; units and bill, told for all of them together, are null then."""

    plan = PlanSerializer()
    held = serializers.IntegerField()
    idle = serializers.IntegerField()
    cost_nanos = serializers.IntegerField(allow_null=True)
    tokens = serializers.IntegerField()
    effective_nanos = serializers.IntegerField(allow_null=True)
    included_units = serializers.IntegerField(allow_null=True)
    overage_units = serializers.IntegerField(allow_null=True)
    metered_nanos = serializers.IntegerField(allow_null=True)
    shared = serializers.BooleanField()


class LinesSerializer(serializers.Serializer):
    results = LineSerializer(many=True)


class SavePlanSerializer(serializers.Serializer):
    """`version` is the one that was read; needed for a change.

    A changed price counts from the month of `price_from` on, by default the running one; earlier
    months keep theirs. `source_id` tells the plan's tokens; left out, it stays as it is.
    """

    name = serializers.CharField(max_length=120)
    price_nanos = serializers.IntegerField(min_value=0, allow_null=True, default=None)
    included = serializers.CharField(max_length=200, allow_blank=True, default="")
    price_from = serializers.DateField(allow_null=True, default=None)
    source_id = serializers.UUIDField(allow_null=True, required=False)
    version = serializers.IntegerField(default=0)


class SeatSerializer(serializers.ModelSerializer):
    """Who holds a seat. `person` is another word and `name` empty where you may not see people."""

    def to_representation(self, instance: Seat) -> dict[str, Any]:
        found: dict[str, Any] = super().to_representation(instance)
        sight = Sight(self.context["request"].auth)
        if sight.everybody:
            return found
        return {**found, "person": sight.name(instance.person, None), "name": ""}

    class Meta:
        model = Seat
        fields = ("id", "plan", "person", "name", "team", "since", "ended", "last_active")
        read_only_fields = fields


class TableSerializer(serializers.Serializer):
    """CSV text with the columns person and plan; the others where known."""

    table = serializers.CharField(max_length=2_000_000, trim_whitespace=False)


class ChangedSerializer(serializers.Serializer):
    added = serializers.IntegerField()
    ended = serializers.IntegerField()
    updated = serializers.IntegerField()


class MonthSerializer(serializers.Serializer):
    """The first day of a month; the running month by default."""

    month = serializers.DateField(required=False, allow_null=True, default=None)

    def validate_month(self, value: date | None) -> date | None:
        return value and value.replace(day=1)


class PlanListView(ActorMixin, APIView):
    """Plans with what they cost and yield in a month; add one."""

    permission_required = {"GET": P.SOURCE_VIEW, "POST": P.SOURCE_MANAGE}

    @extend_schema(parameters=[MonthSerializer], responses=LinesSerializer)
    def get(self, request: Request) -> Response:
        asked = MonthSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        lines = selectors.overview(self.actor, *selectors.days_of(asked.validated_data["month"]))
        return Response(LinesSerializer({"results": lines}).data)

    @extend_schema(
        examples=[examples.PLAN], request=SavePlanSerializer, responses={201: PlanSerializer}
    )
    def post(self, request: Request) -> Response:
        values = checked(SavePlanSerializer, request)
        values.pop("version")
        plan = services.save_plan(actor=self.actor, **values)
        return Response(PlanSerializer(plan).data, status=status.HTTP_201_CREATED)


class PlanView(ActorMixin, APIView):
    """One plan: read and change."""

    permission_required = {"GET": P.SOURCE_VIEW, "PUT": P.SOURCE_MANAGE}

    @extend_schema(responses=PlanSerializer, operation_id="seat_plan_retrieve")
    def get(self, request: Request, plan_id: UUID) -> Response:
        return Response(PlanSerializer(selectors.plan_by_id(self.actor, plan_id)).data)

    @extend_schema(
        examples=[examples.CHANGE_PLAN], request=SavePlanSerializer, responses=PlanSerializer
    )
    def put(self, request: Request, plan_id: UUID) -> Response:
        selectors.plan_by_id(self.actor, plan_id)
        values = checked(SavePlanSerializer, request)
        plan = services.save_plan(actor=self.actor, plan_id=plan_id, **values)
        return Response(PlanSerializer(plan).data)


class SeatListView(ActorMixin, generics.ListAPIView):
    """Who holds which seat."""

    permission_required = {"GET": P.SOURCE_VIEW}
    serializer_class = SeatSerializer
    filterset_fields = ("plan", "person")

    def get_queryset(self) -> QuerySet[Seat]:
        if getattr(self, "swagger_fake_view", False):
            return Seat.objects.none()
        if not Sight(self.actor).everybody:
            refuse_names(self.request.query_params.getlist("person"))
        return selectors.seats(self.actor)


class ImportView(ActorMixin, APIView):
    """Take a list of people; repeating changes nothing, one bad row takes none."""

    permission_required = {"POST": P.SOURCE_MANAGE}

    @extend_schema(examples=[examples.SEATS], request=TableSerializer, responses=ChangedSerializer)
    def post(self, request: Request) -> Response:
        done = services.import_seats(
            actor=self.actor, text=checked(TableSerializer, request)["table"]
        )
        return Response(ChangedSerializer(done).data)
