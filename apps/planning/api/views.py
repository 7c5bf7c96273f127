"""Planning in the API. Opening, allocating and locking stay with people."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.budgets.api.serializers import BudgetSerializer
from apps.common.api.bodies import checked
from apps.common.errors import Invalid
from apps.planning import selectors, services
from apps.planning.api import examples, serializers
from apps.planning.enums import CycleKind, CycleStatus
from apps.planning.models import Envelope, PlanningCycle
from apps.planning.selectors.standing import standing


class CycleFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=CycleKind.choices())
    status = django_filters.ChoiceFilter(choices=CycleStatus.choices())


class CycleListView(generics.ListAPIView):
    """Planning cycles, newest first. POST opens one."""

    permission_required = {"GET": P.BUDGET_VIEW, "POST": P.PLANNING_MANAGE}
    serializer_class = serializers.CycleSerializer
    filterset_class = CycleFilter

    def get_queryset(self) -> QuerySet[PlanningCycle]:
        return PlanningCycle.objects.all()

    @extend_schema(
        examples=[examples.OPEN],
        request=serializers.OpenCycleSerializer,
        responses={201: serializers.CycleSerializer},
    )
    def post(self, request: Request) -> Response:
        data = checked(serializers.OpenCycleSerializer, request)
        cycle = services.open_cycle(actor=request.auth, **data)
        return Response(serializers.CycleSerializer(cycle).data, status=201)


class CycleView(APIView):
    """One planning cycle."""

    permission_required = {"GET": P.BUDGET_VIEW}

    @extend_schema(responses=serializers.CycleSerializer)
    def get(self, request: Request, cycle_id: UUID) -> Response:
        return Response(serializers.CycleSerializer(selectors.cycle_by_id(cycle_id)).data)


class EnvelopesView(APIView):
    """The envelopes in sight of a round (default: the newest), by team. POST adds a team."""

    permission_required = {"GET": P.BUDGET_VIEW, "POST": P.PLANNING_MANAGE}

    @extend_schema(
        operation_id="planning_cycles_envelopes",
        parameters=[OpenApiParameter("round", OpenApiTypes.INT, description="Its number")],
        responses=serializers.EnvelopeStateSerializer(many=True),
    )
    def get(self, request: Request, cycle_id: UUID) -> Response:
        cycle = selectors.cycle_by_id(cycle_id)
        number = cycle.round_number
        if wanted := request.query_params.get("round", ""):
            if not wanted.isdecimal() or len(wanted) > 9:
                raise Invalid("Not a round.", field="round", fix="Use the number of a round.")
            number = selectors.round_by_number(cycle, int(wanted)).number
        rows = standing(request.auth, cycle, number).rows
        return Response(serializers.EnvelopeStateSerializer(rows, many=True).data)

    @extend_schema(
        examples=[examples.ADD],
        request=serializers.AddEnvelopeSerializer,
        responses={201: serializers.EnvelopeStateSerializer},
    )
    def post(self, request: Request, cycle_id: UUID) -> Response:
        data = checked(serializers.AddEnvelopeSerializer, request)
        made = services.add_envelope(actor=request.auth, cycle_id=cycle_id, **data)
        return Response(_state(request, made), status=201)


class RoundsView(APIView):
    """The rounds of a cycle, oldest first. POST starts the next one."""

    permission_required = {"GET": P.BUDGET_VIEW, "POST": P.PLANNING_MANAGE}

    @extend_schema(
        operation_id="planning_cycles_rounds", responses=serializers.RoundSerializer(many=True)
    )
    def get(self, request: Request, cycle_id: UUID) -> Response:
        rows = selectors.rounds_of(selectors.cycle_by_id(cycle_id))
        return Response(serializers.RoundSerializer(rows, many=True).data)

    @extend_schema(
        examples=[examples.ROUND],
        request=serializers.StartRoundSerializer,
        responses={201: serializers.RoundSerializer},
    )
    def post(self, request: Request, cycle_id: UUID) -> Response:
        data = checked(serializers.StartRoundSerializer, request)
        made = services.start_round(actor=request.auth, cycle_id=cycle_id, **data)
        return Response(serializers.RoundSerializer(made).data, status=201)


class LockView(APIView):
    """Approve the newest round's allocations. There is no unlocking."""

    permission_required = {"POST": P.PLANNING_MANAGE}

    @extend_schema(
        examples=[examples.LOCK],
        request=serializers.LockSerializer,
        responses=serializers.CycleSerializer,
    )
    def post(self, request: Request, cycle_id: UUID) -> Response:
        data = checked(serializers.LockSerializer, request)
        cycle = services.lock_cycle(actor=request.auth, cycle_id=cycle_id, **data)
        return Response(serializers.CycleSerializer(cycle).data)


class EnvelopeRequestView(APIView):
    """What a team asks for."""

    permission_required = {"PUT": P.PLANNING_REQUEST}

    @extend_schema(
        examples=[examples.ASK],
        request=serializers.AmountSerializer,
        responses=serializers.EnvelopeStateSerializer,
    )
    def put(self, request: Request, envelope_id: UUID) -> Response:
        data = checked(serializers.AmountSerializer, request)
        row = services.request_envelope(
            actor=request.auth, envelope_id=envelope_id, amount_nanos=data.pop("amount"), **data
        )
        return Response(_state(request, row))


class EnvelopeAllocationView(APIView):
    """What a team is given."""

    permission_required = {"PUT": P.PLANNING_MANAGE}

    @extend_schema(
        examples=[examples.GIVE],
        request=serializers.AmountSerializer,
        responses=serializers.EnvelopeStateSerializer,
    )
    def put(self, request: Request, envelope_id: UUID) -> Response:
        data = checked(serializers.AmountSerializer, request)
        row = services.allocate_envelope(
            actor=request.auth, envelope_id=envelope_id, amount_nanos=data.pop("amount"), **data
        )
        return Response(_state(request, row))


class EnvelopeBudgetView(APIView):
    """Open the team's budget at the approved envelope, over the days of the locked cycle."""

    permission_required = {"POST": P.BUDGET_MANAGE}

    @extend_schema(request=None, responses={201: BudgetSerializer})
    def post(self, request: Request, envelope_id: UUID) -> Response:
        budget = services.open_envelope_budget(actor=request.auth, envelope_id=envelope_id)
        return Response(BudgetSerializer(budget).data, status=201)


def _state(request: Request, envelope: Envelope) -> Any:
    found = standing(request.auth, envelope.round.cycle, envelope.round.number)
    row = next(row for row in found.rows if row.envelope.id == envelope.id)
    return serializers.EnvelopeStateSerializer(row).data
