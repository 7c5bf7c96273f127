"""The organization and who belongs to it."""

from datetime import datetime

from django.conf import settings
from django.db import models

from apps.access.permissions import P
from apps.access.roles import ASSIGNABLE, Role
from apps.common import clock
from apps.organizations.enums import InvitationState, KeyState, UnitKind
from apps.organizations.rules import invitation_state, key_state
from apps.tenancy.db.fields import TenantForeignKey
from apps.tenancy.models import TenantModel, TenantRoot

ROLE_CHOICES = [(role.value, role.label) for role in ASSIGNABLE]


class Organization(TenantRoot):
    """A customer: the root of isolation. `slug` is part of every address.

    `currency` is the reporting currency; days are cut in `timezone`; the fiscal year starts on the
    first of `fiscal_year_start` (1 to 12).
    """

    global_keys = {("slug",): "part of the address, looked up before a scope is open"}

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=50, db_index=False)
    currency = models.CharField(max_length=3, default="USD")
    timezone = models.CharField(max_length=64, default="UTC")
    fiscal_year_start = models.PositiveSmallIntegerField(default=1)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slug"], name="organizations_organization_slug"),
            models.CheckConstraint(
                condition=models.Q(fiscal_year_start__gte=1, fiscal_year_start__lte=12),
                name="organization_fiscal_month",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Unit(TenantModel):
    """A node of the unit tree. Retired, never deleted: past usage keeps its unit."""

    name = models.CharField(max_length=120)
    code = models.SlugField(max_length=50, db_index=False)
    kind = models.CharField(max_length=12, choices=UnitKind, default=UnitKind.TEAM)
    parent = TenantForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", db_index=False
    )
    cost_centre = models.CharField(max_length=40, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "code"], name="unit_code"),
            models.UniqueConstraint(
                fields=["organization_id"],
                condition=models.Q(parent__isnull=True),
                name="unit_one_root",
            ),
        ]
        indexes = [models.Index(fields=["organization_id", "parent"], name="unit_parent")]

    def __str__(self) -> str:
        return self.name


class Membership(TenantModel):
    """A person in an organization. Suspended, never deleted: evidence keeps its people."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(default=clock.now, editable=False)
    suspended_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization_id", "user"], name="membership_person")
        ]
        indexes = [models.Index(fields=["user", "is_active"], name="membership_of_person")]

    def __str__(self) -> str:
        return self.user.display_name


class RoleBinding(TenantModel):
    """One role of one person, at the organization (`unit` empty) or at a unit and all below it."""

    membership = TenantForeignKey(
        Membership, models.PROTECT, related_name="bindings", db_index=False
    )
    role = models.CharField(max_length=20, choices=ROLE_CHOICES)
    unit = TenantForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="bindings", db_index=False
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "membership", "role", "unit"],
                nulls_distinct=False,
                name="role_binding_once",
            )
        ]
        indexes = [
            models.Index(fields=["organization_id", "role", "unit"], name="role_binding_holders"),
            models.Index(fields=["organization_id", "unit"], name="role_binding_unit"),
        ]

    @property
    def role_label(self) -> str:
        return Role(self.role).label


class Invitation(TenantModel):
    """An offer to join, by e-mail. The link's secret is derived, and only its hash is stored.

    `generation` counts the links sent: sending again makes the earlier link worthless.
    """

    global_keys = {("token_hash",): "looked up before a scope is open; 256 bits nobody can guess"}

    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=20, choices=ROLE_CHOICES)
    unit = TenantForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    token_hash = models.CharField(max_length=64)
    generation = models.PositiveSmallIntegerField(default=1)
    invited_by_id = models.UUIDField(null=True)
    invited_by_name = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_membership = TenantForeignKey(
        Membership, models.PROTECT, null=True, related_name="+", db_index=False
    )
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token_hash"], name="organizations_invitation_hash"),
            models.UniqueConstraint(
                fields=["organization_id", "email"],
                condition=models.Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="invitation_one_open",
            ),
        ]
        indexes = [models.Index(fields=["organization_id", "created_at"], name="invitation_recent")]

    def __str__(self) -> str:
        return self.email

    def state(self, at: datetime | None = None) -> InvitationState:
        return invitation_state(
            accepted_at=self.accepted_at,
            revoked_at=self.revoked_at,
            expires_at=self.expires_at,
            at=at or clock.now(),
        )


class ApiKey(TenantModel):
    """A program's credential. The secret is shown once and stored as a SHA-256 hash.

    `scopes` are permissions; with a `unit` they count for it and all units below it.
    """

    global_keys = {("key_hash",): "looked up before a scope is open; 256 bits nobody can guess"}

    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=12)
    key_hash = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    unit = TenantForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    created_by_id = models.UUIDField(null=True)
    created_by_name = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    replaces = TenantForeignKey("self", models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key_hash"], name="organizations_apikey_hash")
        ]
        indexes = [models.Index(fields=["organization_id", "created_at"], name="apikey_recent")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def state(self, at: datetime | None = None) -> KeyState:
        return key_state(
            revoked_at=self.revoked_at, expires_at=self.expires_at, at=at or clock.now()
        )

    @property
    def permissions(self) -> frozenset[P]:
        return frozenset(P(scope) for scope in self.scopes)


class SupportVisit(TenantModel):
    """Break-glass: a member of the installation's staff inside, for a reason, until an instant."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False
    )
    reason = models.CharField(max_length=500)
    started_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by_name = models.CharField(max_length=120, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["organization_id", "user", "expires_at"], name="support_visit_open"
            ),
        ]

    def is_open(self, at: datetime | None = None) -> bool:
        return self.ended_at is None and self.expires_at > (at or clock.now())
