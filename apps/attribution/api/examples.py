"""Examples of the attribution endpoints (`apps.common.api.examples`)."""

from apps.common.api.examples import CAPABILITY, TEAM, request_example

CONDITION = {"field": "api_key", "operator": "prefix", "values": ["claims-"]}
RULE = "RULE-ID"
NEW = request_example(
    "Add a rule", "Keys that begin with a word belong to a team and a capability",
    {
        "name": "Keys of the claims desk",
        "conditions": [CONDITION],
        "unit_id": TEAM,
        "capability_id": CAPABILITY,
        "phase": "production",
    },
)  # fmt: skip
CHANGE = request_example(
    "Change a rule", "All of its fields; past days are asked for, not moved",
    {
        "version": 1,
        "position": 1,
        "name": "Keys of the claims desk",
        "conditions": [
            CONDITION,
            {"field": "tag", "tag": "env", "operator": "in", "values": ["prod", "live"]},
        ],
        "unit_id": TEAM,
        "phase": "production",
        "starts_on": "2026-12-01",
    },
)  # fmt: skip
ORDER = request_example("Order the rules", "All active ones; the first that fits wins", {
    "rule_ids": [RULE],
})  # fmt: skip
ASK = request_example(
    "Whose is it?", "Writes nothing",
    {
        "provider": "openai",
        "model": "gpt-4.1",
        "api_key": "claims-nightly",
        "tags": {"env": "prod"},
    },
)  # fmt: skip
