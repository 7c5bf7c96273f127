"""The change log over the API: what a pipeline calls when it has released something."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common.errors import Invalid
from apps.ledger.changelog import selectors, services
from apps.ledger.changelog.api import examples
from apps.ledger.changelog.enums import ChangeKind, Origin
from apps.ledger.changelog.models import CapabilityChange
from apps.portfolio.selectors import capabilities


class CapabilityChangeSerializer(serializers.ModelSerializer):
    """A change of a capability. `capability` is its code; `origin` says who told of it."""

    capability = serializers.CharField(source="capability.slug")
    capability_id = serializers.UUIDField()
    kind = serializers.ChoiceField(ChangeKind.choices())
    origin = serializers.ChoiceField(Origin.choices())

    class Meta:
        model = CapabilityChange
        fields = (
            "id",
            "capability",
            "capability_id",
            "kind",
            "title",
            "detail",
            "link",
            "reference",
            "origin",
            "occurred_at",
            "day",
            "version",
            "created_at",
            "created_by_name",
            "withdrawn_at",
            "withdrawn_reason",
        )


class ChangeRecordSerializer(serializers.Serializer):
    """What was changed. With a `reference` of your own, repeating the call records nothing."""

    capability = serializers.CharField(max_length=60, help_text="The code of the capability.")
    kind = serializers.ChoiceField(ChangeKind.choices())
    title = serializers.CharField(max_length=120, help_text="As your team calls it: 2.3.")
    occurred_at = serializers.DateTimeField(required=False, help_text="Without it: now.")
    detail = serializers.CharField(max_length=4000, required=False, allow_blank=True, default="")
    link = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    reference = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")


class ChangeCorrectSerializer(serializers.Serializer):
    """Fields to correct, and the version they were read at."""

    version = serializers.IntegerField(min_value=1)
    kind = serializers.ChoiceField(ChangeKind.choices(), required=False)
    title = serializers.CharField(max_length=120, required=False)
    occurred_at = serializers.DateTimeField(required=False)
    detail = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    link = serializers.CharField(max_length=500, required=False, allow_blank=True)


class ChangeWithdrawSerializer(serializers.Serializer):
    """The version that was read, and why the entry is withdrawn."""

    version = serializers.IntegerField(min_value=1)
    reason = serializers.CharField(max_length=500)


class ChangeFilter(django_filters.FilterSet):
    """`capability` is a code; days are the ledger's, both included."""

    capability = django_filters.CharFilter("capability__slug")
    capability_id = django_filters.UUIDFilter()
    kind = django_filters.ChoiceFilter(choices=ChangeKind.choices())
    origin = django_filters.ChoiceFilter(choices=Origin.choices())
    reference = django_filters.CharFilter()
    day_from = django_filters.DateFilter("day", "gte")
    day_to = django_filters.DateFilter("day", "lte")
    withdrawn = django_filters.BooleanFilter("withdrawn_at", "isnull", exclude=True)


class ChangeListView(ActorMixin, generics.ListAPIView):
    """The change log, withdrawn entries included."""

    permission_required = {"GET": P.CAPABILITY_VIEW, "POST": P.CHANGE_RECORD}
    serializer_class = CapabilityChangeSerializer
    filterset_class = ChangeFilter

    def get_queryset(self) -> QuerySet[CapabilityChange]:
        if getattr(self, "swagger_fake_view", False):
            return CapabilityChange._base_manager.none()
        return selectors.changes(self.actor)

    @extend_schema(
        examples=[examples.RECORD],
        request=ChangeRecordSerializer,
        responses={
            201: CapabilityChangeSerializer,
            200: OpenApiResponse(CapabilityChangeSerializer, "It was recorded before."),
        },
    )
    def post(self, request: Request) -> Response:
        """Record a change. 200 instead of 201 when this reference was recorded before with the
        same content, 409 when with other content."""
        asked = ChangeRecordSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        code = values.pop("capability")
        found = capabilities(self.actor).filter(slug=code).first()
        if found is None:
            raise Invalid(
                f"There is no capability {code}.",
                field="capability",
                fix="Use its code, which its page shows.",
            )
        row, created = services.record_change(actor=self.actor, capability_id=found.id, **values)
        code_of = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(_json(row), status=code_of)


class ChangeView(ActorMixin, APIView):
    """One change. PATCH states the version it was read at; 409 when it has moved on."""

    permission_required = {"GET": P.CAPABILITY_VIEW, "PATCH": P.CHANGE_RECORD}

    @extend_schema(responses=CapabilityChangeSerializer)
    def get(self, request: Request, change_id: UUID) -> Response:
        return Response(_json(selectors.change_by_id(self.actor, change_id)))

    @extend_schema(
        examples=[examples.CORRECT],
        request=ChangeCorrectSerializer,
        responses=CapabilityChangeSerializer,
    )
    def patch(self, request: Request, change_id: UUID) -> Response:
        asked = ChangeCorrectSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        row = services.correct_change(actor=self.actor, change_id=change_id, **asked.validated_data)
        return Response(_json(row))


class WithdrawView(ActorMixin, APIView):
    """Take a change off the charts; it stays in the log."""

    permission_required = {"POST": P.CHANGE_RECORD}

    @extend_schema(
        examples=[examples.WITHDRAW],
        request=ChangeWithdrawSerializer,
        responses=CapabilityChangeSerializer,
    )
    def post(self, request: Request, change_id: UUID) -> Response:
        asked = ChangeWithdrawSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        row = services.withdraw_change(
            actor=self.actor, change_id=change_id, **asked.validated_data
        )
        return Response(_json(row))


def _json(row: CapabilityChange) -> dict[str, Any]:
    return dict(CapabilityChangeSerializer(row).data)
