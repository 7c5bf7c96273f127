"""The organization, its units and its people."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can_anywhere
from apps.common.api.bodies import checked
from apps.common.errors import NotFound
from apps.organizations import selectors, services
from apps.organizations.api import examples, filters, serializers
from apps.organizations.models import Membership, Unit
from apps.organizations.services.organization import SETTINGS


def actor_of(request: Request) -> Actor:
    """The authenticated actor; views run after the permission check."""
    return request.auth


class MeView(APIView):
    """Who am I, and what may I do here."""

    permission_required = {"GET": P.ORG_VIEW}

    @extend_schema(responses=serializers.MeSerializer)
    def get(self, request: Request) -> Response:
        actor = actor_of(request)
        return Response(
            {
                "kind": actor.kind,
                "id": actor.id,
                "name": actor.name,
                "membership_id": actor.membership_id,
                "organization": selectors.organization().slug,
                "roles": sorted(actor.roles),
                "permissions": [p.value for p in P if can_anywhere(actor, p)],
            }
        )


class OrganizationView(generics.GenericAPIView):
    """The organization's settings."""

    permission_required = {"GET": P.ORG_VIEW, "PATCH": P.ORG_MANAGE}
    serializer_class = serializers.OrganizationSerializer

    def get(self, request: Request) -> Response:
        return Response(self.get_serializer(selectors.organization()).data)

    @extend_schema(examples=[examples.ORGANIZATION])
    def patch(self, request: Request) -> Response:
        organization = selectors.organization()
        values = {name: getattr(organization, name) for name in SETTINGS}
        values |= checked(serializers.OrganizationSerializer, request)
        changed = services.change_organization(actor=actor_of(request), **values)
        return Response(self.get_serializer(changed).data)


class UnitListView(generics.ListCreateAPIView):
    """All units, retired ones included."""

    permission_required = {"GET": P.ORG_VIEW, "POST": P.UNIT_MANAGE}
    serializer_class = serializers.UnitSerializer
    filterset_class = filters.UnitFilter
    ordering = "id"

    def get_queryset(self) -> QuerySet[Unit]:
        return selectors.units()

    @extend_schema(
        examples=[examples.UNIT],
        request=serializers.NewUnitSerializer,
        responses={201: serializers.UnitSerializer},
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        asked = checked(serializers.NewUnitSerializer, request)
        unit = services.add_unit(actor=actor_of(request), **asked)
        return Response(self.get_serializer(unit).data, status=status.HTTP_201_CREATED)


class UnitView(generics.RetrieveAPIView):
    """One unit."""

    permission_required = {"GET": P.ORG_VIEW, "PATCH": P.UNIT_MANAGE}
    serializer_class = serializers.UnitSerializer
    lookup_url_kwarg = "unit_id"

    def get_queryset(self) -> QuerySet[Unit]:
        return selectors.units()

    @extend_schema(
        examples=[examples.CHANGE_UNIT],
        request=serializers.UnitChangeSerializer,
        responses=serializers.UnitSerializer,
    )
    def patch(self, request: Request, unit_id: UUID) -> Response:
        unit = selectors.unit_by_id(unit_id)
        values = {"name": unit.name, "kind": unit.kind, "cost_centre": unit.cost_centre}
        values |= checked(serializers.UnitChangeSerializer, request)
        changed = services.change_unit(actor=actor_of(request), unit_id=unit_id, **values)
        return Response(self.get_serializer(changed).data)


class _UnitAction(APIView):
    permission_required = {"POST": P.UNIT_MANAGE}


class UnitMoveView(_UnitAction):
    """Hang the unit, with everything below it, under another one."""

    @extend_schema(
        examples=[examples.MOVE_UNIT],
        request=serializers.MoveSerializer,
        responses=serializers.UnitSerializer,
    )
    def post(self, request: Request, unit_id: UUID) -> Response:
        asked = checked(serializers.MoveSerializer, request)
        unit = services.move_unit(actor=actor_of(request), unit_id=unit_id, **asked)
        return Response(serializers.UnitSerializer(unit).data)


class UnitRetireView(_UnitAction):
    """Take the unit out of use; its past stays."""

    @extend_schema(
        examples=[examples.REASON],
        request=serializers.ReasonSerializer,
        responses=serializers.UnitSerializer,
    )
    def post(self, request: Request, unit_id: UUID) -> Response:
        asked = checked(serializers.ReasonSerializer, request)
        unit = services.retire_unit(actor=actor_of(request), unit_id=unit_id, **asked)
        return Response(serializers.UnitSerializer(unit).data)


class UnitRestoreView(_UnitAction):
    """Take a retired unit back into use."""

    @extend_schema(
        examples=[examples.REASON],
        request=serializers.ReasonSerializer,
        responses=serializers.UnitSerializer,
    )
    def post(self, request: Request, unit_id: UUID) -> Response:
        asked = checked(serializers.ReasonSerializer, request)
        unit = services.restore_unit(actor=actor_of(request), unit_id=unit_id, **asked)
        return Response(serializers.UnitSerializer(unit).data)


def person_of(actor: Actor, person_id: UUID) -> Membership:
    """The person, if the actor may see them; NotFound otherwise."""
    person = selectors.people(actor).filter(id=person_id).first()
    if person is None:
        raise NotFound("There is no such person here.", code="person_not_found")
    return person


class PersonListView(generics.ListAPIView):
    """People the actor may see, with their roles."""

    permission_required = {"GET": P.PEOPLE_VIEW}
    serializer_class = serializers.PersonSerializer
    filterset_class = filters.PersonFilter

    def get_queryset(self) -> QuerySet[Membership]:
        if getattr(self, "swagger_fake_view", False):
            return Membership.objects.none()
        return selectors.people(actor_of(self.request))


class PersonView(APIView):
    """One person."""

    permission_required = {"GET": P.PEOPLE_VIEW}

    @extend_schema(responses=serializers.PersonSerializer)
    def get(self, request: Request, person_id: UUID) -> Response:
        person = person_of(actor_of(request), person_id)
        return Response(serializers.PersonSerializer(person).data)


class RoleListView(APIView):
    """Give a person a role."""

    permission_required = {"POST": P.ROLE_MANAGE}

    @extend_schema(
        examples=[examples.ROLE],
        request=serializers.NewBindingSerializer,
        responses={201: serializers.BindingSerializer},
    )
    def post(self, request: Request, person_id: UUID) -> Response:
        asked = checked(serializers.NewBindingSerializer, request)
        actor = actor_of(request)
        person = person_of(actor, person_id)
        binding = services.bind_role(actor=actor, membership_id=person.id, **asked)
        return Response(serializers.BindingSerializer(binding).data, status=status.HTTP_201_CREATED)


class RoleView(APIView):
    """Take a role."""

    permission_required = {"DELETE": P.ROLE_MANAGE}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, person_id: UUID, binding_id: UUID) -> Response:
        actor = actor_of(request)
        held = {binding.id for binding in person_of(actor, person_id).bindings.all()}
        if binding_id not in held:
            raise NotFound("The person has no such role.", code="binding_not_found")
        services.unbind_role(actor=actor, binding_id=binding_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SuspendView(APIView):
    """Shut a person out; their evidence stays."""

    permission_required = {"POST": P.PEOPLE_MANAGE}

    @extend_schema(
        examples=[examples.REASON],
        request=serializers.ReasonSerializer,
        responses=serializers.PersonSerializer,
    )
    def post(self, request: Request, person_id: UUID) -> Response:
        asked = checked(serializers.ReasonSerializer, request)
        actor = actor_of(request)
        person_of(actor, person_id)
        services.suspend_person(actor=actor, membership_id=person_id, **asked)
        return Response(serializers.PersonSerializer(selectors.membership_by_id(person_id)).data)


class RestoreView(APIView):
    """Let a suspended person in again."""

    permission_required = {"POST": P.PEOPLE_MANAGE}

    @extend_schema(
        examples=[examples.REASON],
        request=serializers.ReasonSerializer,
        responses=serializers.PersonSerializer,
    )
    def post(self, request: Request, person_id: UUID) -> Response:
        asked = checked(serializers.ReasonSerializer, request)
        actor = actor_of(request)
        person_of(actor, person_id)
        services.restore_person(actor=actor, membership_id=person_id, **asked)
        return Response(serializers.PersonSerializer(selectors.membership_by_id(person_id)).data)
