"""Examples of the portfolio endpoints (`apps.common.api.examples`)."""

from typing import Any

from apps.common.api.examples import TEAM, request_example

TIERS: dict[str, Any] = {
    "tiers": [
        {
            "tier": "light",
            "guidance": "Small models answer most of it.",
            "models_to": "economy",
            "context_to": 32_000,
        },
        {
            "tier": "standard",
            "month_cost_from": 1_000_000_000_000,
            "models_to": "standard",
            "context_to": 128_000,
        },
        {
            "tier": "heavy",
            "month_cost_from": 10_000_000_000_000,
            "tokens_per_run_from": 200_000,
            "model_class_from": "frontier",
            "context_to": 200_000,
        },
        {"tier": "critical", "month_cost_from": 50_000_000_000_000, "data_class_from": "special"},
    ],
    "standard_from": "1",
    "frontier_from": "10",
}
NEW = request_example(
    "Add a capability", "What tokens are used for",
    {
        "name": "Claims triage",
        "slug": "claims-triage",
        "kind": "production",
        "stage": "pilot",
        "tier": "standard",
        "data_class": "personal",
        "unit_id": TEAM,
        "description": "Proposes severity and routing of a new claim.",
    },
)  # fmt: skip
CHANGE = request_example(
    "Raise its tier", "Some fields of the version that was read",
    {"version": 1, "tier": "heavy", "description": "Proposes severity, routing and a reserve."},
)  # fmt: skip
RETIRE = request_example(
    "Retire", "Its figures stay", {"version": 1, "reason": "Replaced by claims intake."}
)
SET_TIERS = request_example(
    "Set the tiers", "All four, from light to critical; money in nanos",
    {"version": 0, "document": TIERS, "reason": "Prices fell by a third."},
)  # fmt: skip
