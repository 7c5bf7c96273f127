"""Words and colours that mean the same on every page."""

from apps.portfolio.enums import CapabilityKind

#: Consumption categories, in the order they are stacked, with their fixed colour.
KINDS: tuple[tuple[str | None, str, str], ...] = (
    (CapabilityKind.PRODUCTION.value, "Production apps", "s1"),
    (CapabilityKind.DEVELOPMENT.value, "Development", "s2"),
    (CapabilityKind.PIPELINE.value, "Data pipelines", "s3"),
    (CapabilityKind.ANALYTICS.value, "Business users", "s4"),
    (None, "Unattributed", "s6"),
)
KIND_CHOICES = tuple((key, label) for key, label, _ in KINDS if key)

TOKEN_KINDS: dict[str, str] = {
    "input_uncached": "Input",
    "cache_read": "Input from cache",
    "cache_write_5m": "Cache writes, 5 minutes",
    "cache_write_1h": "Cache writes, 1 hour",
    "output": "Output",
    "reasoning": "Reasoning",
    "audio_input": "Audio input",
    "audio_output": "Audio output",
    "image_input": "Image input",
    "image_output": "Image output",
}

CONFIDENCE: dict[str, str] = {
    "direct": "stated by the caller",
    "rule": "by rule",
    "allocated": "allocated",
    "none": "unattributed",
}

AXIS_LABELS: dict[str, str] = {
    "unit": "Team",
    "capability": "Capability",
    "kind": "Category",
    "story": "Token Story",
    "phase": "Phase",
    "model": "Model",
    "provider": "Provider",
    "source": "Source",
    "account": "Account",
    "api_key": "API key",
    "project": "Project",
    "user": "User",
    "service_tier": "Service tier",
    "confidence": "Attribution",
}
