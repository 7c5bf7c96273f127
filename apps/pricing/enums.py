"""Choices of the price book. The tier's values are those of `rules.Tier`."""

from apps.common.choices import Choice
from apps.common.tokens import KINDS
from apps.pricing.rules import Tier


class TierLabel(Choice):
    """Service tiers as people read them."""

    STANDARD = Tier.STANDARD.value, "Standard"
    BATCH = Tier.BATCH.value, "Batch"
    FLEX = Tier.FLEX.value, "Flex"
    PRIORITY = Tier.PRIORITY.value, "Priority"
    FAST = Tier.FAST.value, "Fast"


class Standing(Choice):
    """What an organization says about a model, best first. Undecided is what nobody has said."""

    STANDARD = "standard", "Standard"
    ALLOWED = "allowed", "Allowed"
    UNDECIDED = "undecided", "Not decided"
    RESTRICTED = "restricted", "Restricted"
    NOT_ALLOWED = "not_allowed", "Not allowed"


class TermKind(Choice):
    """How a negotiated rate is written down."""

    DISCOUNT = "discount", "Discount on the list price"
    FIXED = "fixed", "Fixed prices"


KIND_LABELS = {
    "input_uncached": "Input",
    "cache_read": "Cache read",
    "cache_write_5m": "Cache write, 5 minutes",
    "cache_write_1h": "Cache write, 1 hour",
    "output": "Output",
    "reasoning": "Reasoning",
    "audio_input": "Audio input",
    "audio_output": "Audio output",
    "image_input": "Image input",
    "image_output": "Image output",
}
assert tuple(KIND_LABELS) == KINDS  # noqa: S101 -- a kind without a label fails at import
