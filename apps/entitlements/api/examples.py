"""Examples of the entitlement endpoints (`apps.common.api.examples`)."""

from apps.common.api.examples import TEAM, request_example

END = request_example(
    "End it early", "Use counts as outside from today on",
    {"version": 1, "reason": "The standard model reads the seals by now."},
)  # fmt: skip
TIER = request_example(
    "Set a team's tier", "0 where none was set",
    {"unit_id": TEAM, "tier": "heavy", "version": 0, "reason": "Whole policies in one call."},
)  # fmt: skip
