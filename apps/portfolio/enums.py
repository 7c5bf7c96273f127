"""Words of the portfolio."""

from django.db.models import TextChoices


class CapabilityKind(TextChoices):
    """What tokens are used for; decides the colour of a chart's series and the checks."""

    DEVELOPMENT = "development", "Development and testing"
    PRODUCTION = "production", "Production application"
    PIPELINE = "pipeline", "Data pipeline"
    ANALYTICS = "analytics", "Business users and analytics"


class Stage(TextChoices):
    """How far a capability has come. A retired one takes no new stories; its past stays."""

    EXPERIMENT = "experiment", "Experiment"
    PILOT = "pilot", "Pilot"
    PRODUCTION = "production", "Production"
    RETIRED = "retired", "Retired"


class Tier(TextChoices):
    """Consumption tier: how much scrutiny the use deserves."""

    LIGHT = "light", "Light"
    STANDARD = "standard", "Standard"
    HEAVY = "heavy", "Heavy"
    CRITICAL = "critical", "Critical"


class DataClass(TextChoices):
    """The most sensitive data that reaches a model."""

    PUBLIC = "public", "Public"
    INTERNAL = "internal", "Internal"
    CONFIDENTIAL = "confidential", "Confidential"
    PERSONAL = "personal", "Personal data"
    SPECIAL = "special", "Special category data"


class ModelClass(TextChoices):
    """How capable, and dear, a model is: told from its price of output."""

    ECONOMY = "economy", "Economy"
    STANDARD = "standard", "Standard"
    FRONTIER = "frontier", "Frontier"


class StandingTo(TextChoices):
    """The worst standing of a model that a tier entitles to. Values are those of pricing."""

    STANDARD = "standard", "Standard models only"
    ALLOWED = "allowed", "Standard and allowed models"
    UNDECIDED = "undecided", "All but restricted models"
    RESTRICTED = "restricted", "Restricted models too"
