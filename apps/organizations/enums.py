"""Choices stored in rows."""

from django.db import models


class UnitKind(models.TextChoices):
    ORGANIZATION = "organization", "Organization"
    DIVISION = "division", "Division"
    DEPARTMENT = "department", "Department"
    TEAM = "team", "Team"
    PROJECT = "project", "Project"


class InvitationState(models.TextChoices):
    """Derived from an invitation's dates; never stored."""

    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    EXPIRED = "expired", "Expired"
    REVOKED = "revoked", "Revoked"


class KeyState(models.TextChoices):
    """Derived from a key's dates; never stored."""

    ACTIVE = "active", "Active"
    EXPIRED = "expired", "Expired"
    REVOKED = "revoked", "Revoked"
