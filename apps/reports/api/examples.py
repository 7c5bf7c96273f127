"""Examples of the endpoints of scheduled reports (`apps.common.api.examples`)."""

from apps.common.api.examples import PERSON, request_example

_WEEKLY = {
    "name": "Workflows of the week",
    "query": "stage=production",
    "cadence": "weekly",
    "weekday": 0,
    "hour": 7,
    "with_csv": True,
    "with_pdf": True,
    "recipients": [PERSON],
}
NEW = request_example(
    "Schedule the league table", "Every Monday at seven, with CSV and PDF",
    {"kind": "league", **_WEEKLY},
)  # fmt: skip
EXPLORE = request_example(
    "Schedule a cut of Explore", "Cost by model, on the third of each month",
    {
        "kind": "explore",
        "name": "Models of the month",
        "query": "group=model&measure=cost",
        "cadence": "monthly",
        "month_day": 3,
        "recipients": [PERSON],
    },
)  # fmt: skip
CHANGE = request_example(
    "Change a schedule", "Everything but its page is stated again",
    {"version": 1, **_WEEKLY, "cadence": "daily"},
)  # fmt: skip
VERSION = request_example("The version that was read", "Another one answers 409", {"version": 1})
