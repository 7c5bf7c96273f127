"""Words of outcomes."""

from apps.common.choices import Choice


class Verdict(Choice):
    """What is to become of a capability."""

    RETIRE = "retire", "Retire"
    REDESIGN = "redesign", "Redesign"
    KEEP = "keep", "Keep"


class Standing(Choice):
    """How the cost of an outcome stands to its alternative."""

    NOT_WORTH = "not_worth", "Not worth it"
    WORTH = "worth", "Worth it"
    UNKNOWN = "unknown", "Not comparable"


class Basis(Choice):
    """What a figure rests on: the confidence in it, the highest first."""

    MEASURED = "measured", "Measured"
    PARTLY = "partly", "Outcome as expected"
    ESTIMATED = "estimated", "Estimated"


class Unknown(Choice):
    """Why a capability cannot be compared."""

    NO_STORY = "no_story", "No approved story"
    NO_MONEY = "no_money", "Its value is not in money"
    CURRENCY = "currency", "Its value is in another currency"
    UNPRICED = "unpriced", "Its use has no price"
    IDLE = "idle", "No use in 30 days"


class NoOutcome(Choice):
    """Why nothing can be divided by outcomes in some days."""

    NO_STORY = "no_story", "No approved story in sight"
    NOT_STATED = "not_stated", "Its story counts no outcome"
    EARLIER = "earlier", "Its story came later"
    IDLE = "idle", "No running use in these days"
    PART = "part", "Only part of its use is shown"
    NONE = "none", "No outcome"
    UNPRICED = "unpriced", "Its use has no price"


class Due(Choice):
    """Where the decision about a capability stands."""

    NONE = "none", "No decision"
    OPEN = "open", "Decided"
    DUE = "due", "Review due"
