"""Closed sets of the webhooks."""

from django.db import models


class Form(models.TextChoices):
    """The form in which an endpoint wants its events."""

    SIGNED = "signed", "Signed JSON"
    SLACK = "slack", "Slack message"
    TEAMS = "teams", "Microsoft Teams card"


class EndpointStatus(models.TextChoices):
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    RETIRED = "retired", "Retired"


class DeliveryStatus(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
