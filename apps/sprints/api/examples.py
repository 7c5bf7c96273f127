"""Examples of the sprint endpoints (`apps.common.api.examples`)."""

from apps.common.api.examples import TEAM, request_example

ADD = request_example(
    "Add sprints", "The team's next iterations, all or none",
    {
        "unit_id": TEAM,
        "sprints": [
            {
                "name": "Sprint 24",
                "starts_on": "2026-11-23",
                "ends_on": "2026-12-06",
                "goal": "Triage answers in one call.",
            },
            {"name": "Sprint 25", "starts_on": "2026-12-07", "ends_on": "2026-12-20"},
        ],
    },
)  # fmt: skip
CHANGE = request_example(
    "Change a sprint", "All of its fields, at the version that was read",
    {
        "version": 1,
        "name": "Sprint 24",
        "starts_on": "2026-11-23",
        "ends_on": "2026-12-04",
        "goal": "Triage answers in one call, with half the context.",
    },
)  # fmt: skip
CHOOSE = request_example(
    "Put a story in", "null leaves it to the story's own days", {"is_in": True}
)
