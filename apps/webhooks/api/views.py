"""Webhooks over the API. The services decide; a view reads, calls and shows."""

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.api import ActorMixin
from apps.access.permissions import P
from apps.common.api.bodies import checked
from apps.common.api.secrets import with_secret
from apps.webhooks import selectors, services
from apps.webhooks.api import examples
from apps.webhooks.api import serializers as s
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint


def _with_secret(
    endpoint: WebhookEndpoint, secret: str, code: int = status.HTTP_201_CREATED
) -> Response:
    return with_secret(s.EndpointSerializer(endpoint).data, secret or None, status=code)


class EndpointListView(ActorMixin, generics.ListAPIView):
    """Webhooks by name; add one. The secret is in the answer to that and nowhere else."""

    permission_required = {"GET": P.WEBHOOK_VIEW, "POST": P.WEBHOOK_MANAGE}
    serializer_class = s.EndpointSerializer
    filterset_fields = ("status", "form")

    def get_queryset(self) -> QuerySet[WebhookEndpoint]:
        if getattr(self, "swagger_fake_view", False):
            return WebhookEndpoint.objects.none()
        return selectors.endpoints(self.actor)

    @extend_schema(
        request=s.NewEndpointSerializer,
        responses={201: s.SecretSerializer},
        examples=[examples.NEW],
    )
    def post(self, request: Request) -> Response:
        values = checked(s.NewEndpointSerializer, request)
        endpoint, secret = services.create_endpoint(actor=self.actor, **values)
        return _with_secret(endpoint, secret)


class EndpointView(ActorMixin, APIView):
    """One webhook: read, change, retire."""

    permission_required = {
        "GET": P.WEBHOOK_VIEW,
        "PUT": P.WEBHOOK_MANAGE,
        "DELETE": P.WEBHOOK_MANAGE,
    }

    @extend_schema(responses=s.EndpointSerializer)
    def get(self, request: Request, endpoint_id: UUID) -> Response:
        return Response(
            s.EndpointSerializer(selectors.endpoint_by_id(self.actor, endpoint_id)).data
        )

    @extend_schema(
        request=s.ChangeSerializer, responses=s.EndpointSerializer, examples=[examples.CHANGE]
    )
    def put(self, request: Request, endpoint_id: UUID) -> Response:
        endpoint = selectors.endpoint_by_id(self.actor, endpoint_id)
        values = checked(s.ChangeSerializer, request)
        services.change_endpoint(actor=self.actor, endpoint=endpoint, **values)
        return Response(s.EndpointSerializer(endpoint).data)

    @extend_schema(parameters=[s.VersionSerializer], request=None, responses={204: None})
    def delete(self, request: Request, endpoint_id: UUID) -> Response:
        """Retire it. The version may also be sent in a body, as `{"version": 1}`."""
        endpoint = selectors.endpoint_by_id(self.actor, endpoint_id)
        asked = s.VersionSerializer(data=request.query_params or request.data)
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        services.retire_endpoint(actor=self.actor, endpoint=endpoint, **values)
        return Response(status=status.HTTP_204_NO_CONTENT)


class PauseView(ActorMixin, APIView):
    """Send nothing until it is resumed."""

    permission_required = {"POST": P.WEBHOOK_MANAGE}

    @extend_schema(
        request=s.PauseSerializer, responses=s.EndpointSerializer, examples=[examples.PAUSE]
    )
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        endpoint = selectors.endpoint_by_id(self.actor, endpoint_id)
        values = checked(s.PauseSerializer, request)
        services.pause_endpoint(actor=self.actor, endpoint=endpoint, **values)
        return Response(s.EndpointSerializer(endpoint).data)


class ResumeView(ActorMixin, APIView):
    """Send again, of what happens from now on."""

    permission_required = {"POST": P.WEBHOOK_MANAGE}

    @extend_schema(
        request=s.VersionSerializer, responses=s.EndpointSerializer, examples=[examples.VERSION]
    )
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        endpoint = selectors.endpoint_by_id(self.actor, endpoint_id)
        values = checked(s.VersionSerializer, request)
        services.resume_endpoint(actor=self.actor, endpoint=endpoint, **values)
        return Response(s.EndpointSerializer(endpoint).data)


class RotateView(ActorMixin, APIView):
    """A new secret; the old one signs too for 24 hours."""

    permission_required = {"POST": P.WEBHOOK_MANAGE}

    @extend_schema(
        request=s.VersionSerializer, responses=s.SecretSerializer, examples=[examples.VERSION]
    )
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        endpoint = selectors.endpoint_by_id(self.actor, endpoint_id)
        values = checked(s.VersionSerializer, request)
        secret = services.rotate_secret(actor=self.actor, endpoint=endpoint, **values)
        return _with_secret(endpoint, secret, status.HTTP_200_OK)


class TestView(ActorMixin, APIView):
    """Send a test event."""

    permission_required = {"POST": P.WEBHOOK_MANAGE}

    @extend_schema(request=None, responses={202: s.DeliverySerializer})
    def post(self, request: Request, endpoint_id: UUID) -> Response:
        endpoint = selectors.endpoint_by_id(self.actor, endpoint_id)
        sent = services.send_test(actor=self.actor, endpoint=endpoint)
        return Response(s.DeliverySerializer(sent).data, status=status.HTTP_202_ACCEPTED)


class DeliveryListView(ActorMixin, generics.ListAPIView):
    """What was sent to a webhook, newest first."""

    permission_required = {"GET": P.WEBHOOK_VIEW}
    serializer_class = s.DeliverySerializer
    filterset_fields = ("status", "action")

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        if getattr(self, "swagger_fake_view", False):
            return WebhookDelivery.objects.none()
        endpoint = selectors.endpoint_by_id(self.actor, self.kwargs["endpoint_id"])
        return selectors.deliveries(endpoint)


class RepeatView(ActorMixin, APIView):
    """Send one delivery again, with the same id and body."""

    permission_required = {"POST": P.WEBHOOK_MANAGE}

    @extend_schema(request=None, responses={202: s.DeliverySerializer})
    def post(self, request: Request, endpoint_id: UUID, delivery_id: UUID) -> Response:
        found = selectors.delivery_by_id(self.actor, endpoint_id, delivery_id)
        sent = services.repeat_delivery(actor=self.actor, delivery=found)
        return Response(s.DeliverySerializer(sent).data, status=status.HTTP_202_ACCEPTED)
