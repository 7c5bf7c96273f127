"""How organizations' objects look in the API. Rules are the services'."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.access.permissions import KEY_PERMISSIONS, P
from apps.access.roles import ASSIGNABLE
from apps.organizations.enums import InvitationState, KeyState, UnitKind
from apps.organizations.models import (
    ApiKey,
    Invitation,
    Membership,
    Organization,
    RoleBinding,
    Unit,
)

ROLES = [role.value for role in ASSIGNABLE]
SCOPES = [p.value for p in P if p in KEY_PERMISSIONS]


class OrganizationSerializer(serializers.ModelSerializer):
    """The organization of the key or session."""

    timezone = serializers.CharField(max_length=64, required=False)

    class Meta:
        model = Organization
        fields = (
            "id",
            "slug",
            "name",
            "currency",
            "timezone",
            "fiscal_year_start",
            "created_at",
        )
        read_only_fields = ("id", "slug", "created_at")
        extra_kwargs = {
            "name": {"required": False},
            "currency": {"required": False},
            "fiscal_year_start": {"required": False, "min_value": 1, "max_value": 12},
        }


class UnitSerializer(serializers.ModelSerializer):
    """A node of the unit tree."""

    parent_id = serializers.UUIDField(allow_null=True, read_only=True)

    class Meta:
        model = Unit
        fields = (
            "id",
            "parent_id",
            "name",
            "code",
            "kind",
            "cost_centre",
            "is_active",
            "created_at",
            "retired_at",
        )
        read_only_fields = fields


class NewUnitSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=120)
    parent_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=UnitKind.choices, default=UnitKind.TEAM)
    code = serializers.CharField(max_length=50, required=False, allow_blank=True, default="")
    cost_centre = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")


class UnitChangeSerializer(serializers.Serializer):
    """Fields that are left out stay as they are."""

    name = serializers.CharField(max_length=120, required=False)
    kind = serializers.ChoiceField(choices=UnitKind.choices, required=False)
    cost_centre = serializers.CharField(max_length=40, required=False, allow_blank=True)


class MoveSerializer(serializers.Serializer):
    parent_id = serializers.UUIDField()


class ReasonSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class BindingSerializer(serializers.ModelSerializer):
    """A role, at the organization (`unit_id` null) or at a unit and all below it."""

    unit_id = serializers.UUIDField(allow_null=True, read_only=True)

    class Meta:
        model = RoleBinding
        fields = ("id", "role", "unit_id", "created_at")
        read_only_fields = fields


class NewBindingSerializer(serializers.Serializer):
    role = serializers.ChoiceField(choices=ROLES)
    unit_id = serializers.UUIDField(required=False, allow_null=True, default=None)


class PersonSerializer(serializers.ModelSerializer):
    """A person of the organization with their roles."""

    name = serializers.CharField(source="user.display_name", read_only=True)
    email = serializers.EmailField(source="user.email", read_only=True)
    roles = BindingSerializer(source="bindings", many=True, read_only=True)

    class Meta:
        model = Membership
        fields = ("id", "name", "email", "is_active", "joined_at", "suspended_at", "roles")
        read_only_fields = fields


class InvitationSerializer(serializers.ModelSerializer):
    """An offer to join. The link goes by e-mail only."""

    unit_id = serializers.UUIDField(allow_null=True, read_only=True)
    state = serializers.SerializerMethodField()

    class Meta:
        model = Invitation
        fields = (
            "id",
            "email",
            "role",
            "unit_id",
            "state",
            "invited_by_name",
            "created_at",
            "sent_at",
            "expires_at",
            "accepted_at",
            "revoked_at",
        )
        read_only_fields = fields

    @extend_schema_field({"type": "string", "enum": InvitationState.values})
    def get_state(self, obj: Invitation) -> str:
        return obj.state().value


class NewInvitationSerializer(serializers.Serializer):
    email = serializers.EmailField(max_length=254)
    role = serializers.ChoiceField(choices=ROLES)
    unit_id = serializers.UUIDField(required=False, allow_null=True, default=None)


class ApiKeySerializer(serializers.ModelSerializer):
    """A key without its secret."""

    unit_id = serializers.UUIDField(allow_null=True, read_only=True)
    replaces_id = serializers.UUIDField(allow_null=True, read_only=True)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES), read_only=True)
    state = serializers.SerializerMethodField()

    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = (
            "id",
            "name",
            "prefix",
            "scopes",
            "unit_id",
            "state",
            "created_by_name",
            "created_at",
            "expires_at",
            "last_used_at",
            "revoked_at",
            "replaces_id",
        )
        read_only_fields: tuple[str, ...] = fields

    @extend_schema_field({"type": "string", "enum": KeyState.values})
    def get_state(self, obj: ApiKey) -> str:
        return obj.state().value


class NewApiKeySerializer(serializers.Serializer):
    name = serializers.CharField(max_length=120)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES), min_length=1)
    unit_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    expires_at = serializers.DateTimeField(
        required=False, help_text="Within the next 366 days; 90 days when left out."
    )


class ApiKeySecretSerializer(ApiKeySerializer):
    """The answer to making a key: `secret` is in no other answer, a repeated call included."""

    secret = serializers.CharField(read_only=True)

    class Meta(ApiKeySerializer.Meta):
        fields: tuple[str, ...] = (*ApiKeySerializer.Meta.fields, "secret")
        read_only_fields: tuple[str, ...] = fields


class MeSerializer(serializers.Serializer):
    """Who the key or session acts as."""

    kind = serializers.ChoiceField(choices=["user", "service"])
    id = serializers.UUIDField()
    name = serializers.CharField()
    membership_id = serializers.UUIDField(allow_null=True)
    organization = serializers.CharField(help_text="The organization's slug")
    roles = serializers.ListField(child=serializers.CharField())
    permissions = serializers.ListField(
        child=serializers.CharField(), help_text="Held somewhere; a unit may limit them"
    )

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return dict(instance)
