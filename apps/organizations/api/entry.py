"""Invitations and API keys."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.common.api.bodies import checked
from apps.common.api.secrets import with_secret
from apps.common.errors import NotFound
from apps.organizations import selectors, services
from apps.organizations.api import examples, filters, serializers
from apps.organizations.api.views import actor_of
from apps.organizations.models import ApiKey, Invitation


class InvitationListView(generics.ListCreateAPIView):
    """Invitations the actor may see, newest first."""

    permission_required = {"GET": P.PEOPLE_VIEW, "POST": P.PEOPLE_MANAGE}
    serializer_class = serializers.InvitationSerializer
    filterset_class = filters.InvitationFilter

    def get_queryset(self) -> QuerySet[Invitation]:
        if getattr(self, "swagger_fake_view", False):
            return Invitation.objects.none()
        return selectors.invitations(actor_of(self.request))

    @extend_schema(
        examples=[examples.INVITE],
        request=serializers.NewInvitationSerializer,
        responses={201: serializers.InvitationSerializer},
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = checked(serializers.NewInvitationSerializer, request)
        invitation = services.invite_person(actor=actor_of(request), **asked)
        return Response(self.get_serializer(invitation).data, status=status.HTTP_201_CREATED)


class InvitationView(APIView):
    """One invitation. DELETE takes it back."""

    permission_required = {"GET": P.PEOPLE_VIEW, "DELETE": P.PEOPLE_MANAGE}

    @extend_schema(responses=serializers.InvitationSerializer)
    def get(self, request: Request, invitation_id: UUID) -> Response:
        return Response(serializers.InvitationSerializer(_invitation(request, invitation_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, invitation_id: UUID) -> Response:
        _invitation(request, invitation_id)
        services.revoke_invitation(actor=actor_of(request), invitation_id=invitation_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class InvitationResendView(APIView):
    """Send a new link; the earlier one stops working."""

    permission_required = {"POST": P.PEOPLE_MANAGE}

    @extend_schema(request=None, responses=serializers.InvitationSerializer)
    def post(self, request: Request, invitation_id: UUID) -> Response:
        _invitation(request, invitation_id)
        invitation = services.resend_invitation(
            actor=actor_of(request), invitation_id=invitation_id
        )
        return Response(serializers.InvitationSerializer(invitation).data)


class ApiKeyListView(generics.ListCreateAPIView):
    """API keys the actor may see, newest first."""

    permission_required = {"GET": P.APIKEY_VIEW, "POST": P.APIKEY_MANAGE}
    serializer_class = serializers.ApiKeySerializer
    filterset_class = filters.ApiKeyFilter

    def get_queryset(self) -> QuerySet[ApiKey]:
        if getattr(self, "swagger_fake_view", False):
            return ApiKey.objects.none()
        return selectors.api_keys(actor_of(self.request))

    @extend_schema(
        examples=[examples.KEY],
        request=serializers.NewApiKeySerializer,
        responses={201: serializers.ApiKeySecretSerializer},
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = checked(serializers.NewApiKeySerializer, request)
        key, secret = services.create_api_key(actor=actor_of(request), **asked)
        return _with_secret(key, secret)


class ApiKeyView(APIView):
    """One key. DELETE revokes it at once."""

    permission_required = {"GET": P.APIKEY_VIEW, "DELETE": P.APIKEY_MANAGE}

    @extend_schema(responses=serializers.ApiKeySerializer)
    def get(self, request: Request, key_id: UUID) -> Response:
        return Response(serializers.ApiKeySerializer(_key(request, key_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, key_id: UUID) -> Response:
        _key(request, key_id)
        services.revoke_api_key(actor=actor_of(request), key_id=key_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ApiKeyRotateView(APIView):
    """A successor for the key; the old one works for another 24 hours."""

    permission_required = {"POST": P.APIKEY_MANAGE}

    @extend_schema(request=None, responses={201: serializers.ApiKeySecretSerializer})
    def post(self, request: Request, key_id: UUID) -> Response:
        _key(request, key_id)
        return _with_secret(*services.rotate_api_key(actor=actor_of(request), key_id=key_id))


def _invitation(request: Request, invitation_id: UUID) -> Invitation:
    found = selectors.invitations(actor_of(request)).filter(id=invitation_id).first()
    if found is None:
        raise NotFound("There is no such invitation.", code="invitation_not_found")
    return found


def _key(request: Request, key_id: UUID) -> ApiKey:
    found = selectors.api_keys(actor_of(request)).filter(id=key_id).first()
    if found is None:
        raise NotFound("There is no such API key.", code="apikey_not_found")
    return found


def _with_secret(key: ApiKey, secret: str) -> Response:
    return with_secret(serializers.ApiKeySerializer(key).data, secret)
