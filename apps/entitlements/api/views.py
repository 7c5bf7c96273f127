"""Entitlements in the API. They are asked for with `POST requests/` (kind entitlement)."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.common import clock
from apps.common.api.pagination import Whole
from apps.common.errors import Invalid
from apps.entitlements import services
from apps.entitlements.api import examples, serializers
from apps.entitlements.enums import Gives, Holder
from apps.entitlements.models import Entitlement
from apps.entitlements.selectors.context import ContextLine, context_lines
from apps.entitlements.selectors.held import entitlement_by_id, entitlements, state_q
from apps.entitlements.selectors.tiers import Applied, tier_book
from apps.entitlements.selectors.use import use_seen
from apps.ledger.selectors.state import ledger_settings
from apps.organizations.selectors import units_tree

STATES = (("holds", "Holds"), ("ending", "Ending"), ("to_come", "To come"), ("ended", "Ended"))
MOST_DAYS = 366


class EntitlementFilter(django_filters.FilterSet):
    gives = django_filters.ChoiceFilter(choices=Gives.choices())
    holder = django_filters.ChoiceFilter(choices=Holder.choices())
    unit = django_filters.UUIDFilter("unit_id")
    capability = django_filters.UUIDFilter("capability_id")
    user = django_filters.CharFilter("user")
    state = django_filters.ChoiceFilter(choices=STATES, method="of_state")

    def of_state(self, rows: QuerySet[Entitlement], name: str, value: str) -> QuerySet[Entitlement]:
        return rows.filter(state_q(value, clock.today()))


class EntitlementListView(generics.ListAPIView):
    """Who may use what their tier does not give, newest first."""

    permission_required = {"GET": P.CAPABILITY_VIEW}
    serializer_class = serializers.EntitlementSerializer
    filterset_class = EntitlementFilter

    def get_queryset(self) -> QuerySet[Entitlement]:
        return entitlements(self.request.auth)


class EntitlementView(APIView):
    """One entitlement."""

    permission_required = {"GET": P.CAPABILITY_VIEW}

    @extend_schema(responses=serializers.EntitlementSerializer)
    def get(self, request: Request, entitlement_id: UUID) -> Response:
        found = entitlement_by_id(request.auth, entitlement_id)
        return Response(serializers.EntitlementSerializer(found).data)


class EndView(APIView):
    """End one early. No call is stopped: use counts as outside from today on."""

    permission_required = {"POST": P.TIER_MANAGE}

    @extend_schema(
        examples=[examples.END],
        request=serializers.EndSerializer,
        responses=serializers.EntitlementSerializer,
    )
    def post(self, request: Request, entitlement_id: UUID) -> Response:
        asked = serializers.EndSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        ended = services.end_entitlement(
            actor=request.auth, entitlement_id=entitlement_id, **asked.validated_data
        )
        return Response(serializers.EntitlementSerializer(ended).data)


class UseView(APIView):
    """Use held against tiers and entitlements, by unit and model. What people's entitlements were
    used for is told to those who may see people."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(parameters=[serializers.DaysSerializer], responses=serializers.UseSerializer)
    def get(self, request: Request) -> Response:
        start, end = _days(request)
        found = use_seen(request.auth, start, end)
        used = [
            {"entitlement_id": key, "tokens": part.tokens, "cost_nanos": part.cost_nanos}
            for key, part in found.by_entitlement.items()
        ]
        lines = sorted(found.lines, key=lambda r: (-r.outside_cost, -r.total_cost, r.model))
        shown = {
            "start": start,
            "end": end,
            "currency": ledger_settings().currency,
            "lines": lines,
            "entitlements": used,
            "unused": [one.id for one in found.unused],
        }
        return Response(serializers.UseSerializer(shown).data)


def _days(request: Request) -> tuple[date, date]:
    asked = serializers.DaysSerializer(data=request.query_params)
    asked.is_valid(raise_exception=True)
    today = clock.today(ledger_settings().timezone)
    end = asked.validated_data.get("end") or today + timedelta(days=1)
    start = asked.validated_data.get("start") or end - timedelta(days=30)
    if not start < end <= start + timedelta(days=MOST_DAYS):
        raise Invalid("Not a span of days.", field="start", fix=f"Up to {MOST_DAYS} days.")
    return start, end


class ContextView(APIView):
    """Input of single calls of each capability against its entitlement and its design."""

    permission_required = {"GET": P.USAGE_VIEW}
    pagination_class = Whole

    @extend_schema(responses=serializers.ContextSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response({"results": [_context(line) for line in context_lines(request.auth)]})


def _context(line: ContextLine) -> dict[str, Any]:
    inputs = line.inputs
    shown = {
        "capability_id": line.capability.id,
        "capability": line.capability.name,
        "limit": line.limit,
        "entitlement_id": line.by.id if line.by else None,
        **{
            name: getattr(inputs, name) if inputs else None
            for name in ("calls", "p50", "p95", "largest", "over")
        },
        "designed": line.designed,
        "story": line.design.ref if line.design else "",
        "state": line.state,
    }
    return dict(serializers.ContextSerializer(shown).data)


class TiersInForceView(APIView):
    """Which tier applies to each capability, unit and person with one, and why."""

    permission_required = {"GET": P.CAPABILITY_VIEW, "PUT": P.TIER_MANAGE}
    pagination_class = Whole

    @extend_schema(responses=serializers.AppliedSerializer(many=True))
    def get(self, request: Request) -> Response:
        book = tier_book()
        rows = [
            _applied(Holder.CAPABILITY, str(c.id), c.name, book.of_capability(c))
            for c in sorted(book.capabilities.values(), key=lambda c: c.name_norm)
            if not c.is_retired
        ]
        rows += [
            _applied(Holder.UNIT, str(n.unit.id), n.unit.name, book.of_unit(n.unit.id))
            for n in units_tree()
        ]
        rows += [_applied(Holder.USER, u, u, book.of_user(u)) for u in sorted(book.by_user)]
        return Response({"results": rows})

    @extend_schema(
        examples=[examples.TIER],
        request=serializers.SetTierSerializer,
        responses=serializers.AssignmentSerializer,
    )
    def put(self, request: Request) -> Response:
        """Set the tier of a unit or person; a capability's is its own field."""
        asked = serializers.SetTierSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        row = services.set_tier(actor=request.auth, **asked.validated_data)
        return Response(serializers.AssignmentSerializer(row).data)


def _applied(holder: Holder, key: str, name: str, applied: Applied) -> dict[str, Any]:
    rule = applied.rule
    shown = {
        "holder": holder.value,
        "id": key,
        "name": name,
        "tier": applied.tier.value,
        "why": applied.why.value,
        "from_unit_id": applied.of,
        "from_story": applied.ref,
        "models_to": rule.models_to,
        "standing_to": rule.standing_to,
        "context_to": rule.context_to,
    }
    return dict(serializers.AppliedSerializer(shown).data)
