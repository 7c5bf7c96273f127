"""Words of entitlements."""

from apps.common.choices import Choice


class Gives(Choice):
    """What an entitlement is to."""

    PREMIUM = "premium", "Premium models"
    CONTEXT = "context", "Long context"


class Holder(Choice):
    """Who has it."""

    UNIT = "unit", "A team"
    CAPABILITY = "capability", "A capability"
    USER = "user", "A person"


class Reach(Choice):
    """Which models beyond the tier. A model that is not allowed needs its name."""

    FRONTIER = "frontier", "Models of every class, but restricted ones"
    RESTRICTED = "restricted", "Models of every class, restricted ones too"
    LISTED = "listed", "Models by name"


class Why(Choice):
    """Where a tier comes from."""

    OWN = "own", "Its own"
    STORY = "story", "Its approved story's"
    UNIT = "unit", "Its team's"
    DEFAULT = "default", "The default"


class Within(Choice):
    """How usage stands to what its holder is entitled to."""

    TIER = "tier", "In its tier"
    ENTITLED = "entitled", "By an entitlement"
    OUTSIDE = "outside", "Outside"
