"""OpenAPI shapes of the estimator's documents."""

from apps.common.api.fields import MONEY_SCHEMA

TRIPLE = {
    "type": "object",
    "description": "Likely value with its one-in-ten low and high. Decimals as strings or numbers.",
    "properties": {
        "likely": {"type": "string", "example": "14000"},
        "low": {"type": "string", "example": "10000"},
        "high": {"type": "string", "example": "22000"},
    },
}
ASSUMPTIONS = {
    "type": "object",
    "description": (
        "The estimator's document: development, testing and production, each input with low, "
        "likely and high; models by share of calls. Unknown fields are refused."
    ),
    "required": ["starts_on", "live_on"],
    "properties": {
        "schema": {"type": "integer", "description": "Version of this document's form."},
        "starts_on": {"type": "string", "format": "date", "example": "2026-12-01"},
        "live_on": {"type": "string", "format": "date", "example": "2027-02-01"},
        "unit_noun": {"type": "string", "example": "claim"},
        "production": {
            "type": "object",
            "properties": {
                "volume": {"type": "string", "enum": ["interactions", "users"]},
                "interactions": TRIPLE,
                "users": TRIPLE,
                "adoption": TRIPLE,
                "per_user": TRIPLE,
                "calls": TRIPLE,
                "parts": {
                    "type": "object",
                    "properties": dict.fromkeys(
                        (
                            "system_prompt",
                            "safety",
                            "context",
                            "history",
                            "tools",
                            "multimodal",
                            "user_text",
                            "output",
                            "reasoning",
                        ),
                        TRIPLE,
                    ),
                },
                "cache_hit": TRIPLE,
                "cache_write": TRIPLE,
                "cache_ttl": {"type": "string", "enum": ["5m", "1h"]},
                "batch_share": TRIPLE,
                "retry": TRIPLE,
                "growth": TRIPLE,
                "horizon_months": {"type": "integer", "minimum": 1, "maximum": 60},
                "mix": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "provider": {"type": "string", "example": "anthropic"},
                            "model": {"type": "string", "example": "claude-sonnet-4-5"},
                            "share": {"type": "string", "example": "100"},
                        },
                    },
                },
            },
        },
        "development": {"type": "object", "additionalProperties": True},
        "testing": {"type": "object", "additionalProperties": True},
    },
}
FIGURE = {
    "type": "object",
    "properties": {
        "likely": {"type": "integer", "format": "int64"},
        "p10": {"type": "integer", "format": "int64"},
        "p50": {"type": "integer", "format": "int64"},
        "p90": {"type": "integer", "format": "int64"},
    },
}
MONEY_FIGURE = {
    "type": "object",
    "properties": dict.fromkeys(("likely", "p10", "p50", "p90"), MONEY_SCHEMA),
}
SPAN = {
    "type": "object",
    "properties": {
        "tokens": FIGURE,
        "cost": MONEY_FIGURE,
        "kinds": {
            "type": "object",
            "description": "Likely tokens by kind.",
            "additionalProperties": {"type": "integer", "format": "int64"},
        },
    },
}
