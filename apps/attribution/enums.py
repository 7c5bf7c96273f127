"""Choices of attribution."""

from apps.common.choices import Choice


class Field(Choice):
    """What a condition may look at. `TAG` also needs the tag's name."""

    PROVIDER = "provider", "Provider"
    ACCOUNT = "account", "Provider account"
    PROJECT = "project", "Project (name or id)"
    API_KEY = "api_key", "API key (name or id)"
    USER = "user", "User"
    MODEL = "model", "Model"
    SERVICE_TIER = "service_tier", "Service tier"
    REGION = "region", "Region"
    BRANCH = "branch", "Branch"
    REPOSITORY = "repository", "Repository"
    TAG = "tag", "Tag"


class Operator(Choice):
    """How a condition compares. Capitals do not matter."""

    EQUALS = "equals", "is"
    PREFIX = "prefix", "begins with"
    IN = "in", "is one of"


class Phase(Choice):
    """The phase of work that usage belongs to."""

    DEVELOPMENT = "development"
    TESTING = "testing"
    PRODUCTION = "production"


class Confidence(Choice):
    """How usage found its owner, best first."""

    DIRECT = "direct", "Stated by the caller"
    RULE = "rule", "By rule"
    ALLOCATED = "allocated", "Allocated"
    NONE = "none", "Unattributed"


class RuleConfidence(Choice):
    """What a rule may claim."""

    RULE = Confidence.RULE.value, "By rule"
    ALLOCATED = Confidence.ALLOCATED.value, "Allocated"


class RuleStatus(Choice):
    """A retired rule decides nothing and stays as evidence."""

    ACTIVE = "active"
    RETIRED = "retired"
