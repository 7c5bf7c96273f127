"""States and kinds of audits and findings."""

from django.db import models


class AuditStatus(models.TextChoices):
    PLANNED = "planned", "Planned"
    BASELINED = "baselined", "Baseline locked"
    RESPONDING = "responding", "Findings out"
    SIGNING = "signing", "Waiting for signatures"
    SIGNED = "signed", "Signed"


class FindingStatus(models.TextChoices):
    OPEN = "open", "Open"
    ASSIGNED = "assigned", "Assigned"
    RESPONDED = "responded", "Responded"
    RESOLVED = "resolved", "Resolved"
    DISMISSED = "dismissed", "Dismissed"


class Severity(models.TextChoices):
    CRITICAL = "critical", "Critical"
    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


class Check(models.TextChoices):
    """What raised a finding; `manual` is a person."""

    UNATTRIBUTED = "unattributed", "Unattributed spend"
    NO_STORY = "no_story", "Spend without an approved story"
    OVER_ESTIMATE = "over_estimate", "Actual over estimate"
    UNPRICED = "unpriced", "Unpriced usage"
    MANUAL = "manual", "Raised by a person"
