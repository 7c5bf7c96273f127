"""Examples of the budget endpoints (`apps.common.api.examples`)."""

from apps.common.api.examples import PERSON, TEAM, request_example

OTHER_BUDGET = "OTHER-BUDGET"
NEW = request_example(
    "Open a budget", "A team's, by the month, in money and tokens",
    {
        "name": "Claims desk",
        "scope": "unit",
        "unit_id": TEAM,
        "amount": "6000",
        "amount_tokens": 900_000_000,
        "period_kind": "month",
        "starts_on": "2026-11-01",
        "note": "The plan of the year.",
    },
)  # fmt: skip
CHANGE = request_example(
    "Change details", "Name, owner and thresholds; the amount has calls of its own",
    {
        "version": 1,
        "name": "Claims desk",
        "owner_membership_id": PERSON,
        "thresholds": [
            {"basis": "actual", "percent": 80},
            {"basis": "forecast", "percent": 100},
        ],
    },
)  # fmt: skip
REVISE = request_example(
    "Raise the amount", "Of every period from a day on",
    {
        "version": 1,
        "effective_on": "2027-01-01",
        "amount": "7500",
        "note": "Twice the claims from January on.",
    },
)  # fmt: skip
GRANT = request_example(
    "Grant once", "To the period that the day lies in",
    {"version": 1, "on": "2026-11-23", "amount": "800", "note": "A storm week."},
)  # fmt: skip
MOVE = request_example(
    "Move money", "To another budget of the same currency",
    {
        "version": 1,
        "to": OTHER_BUDGET,
        "on": "2026-11-23",
        "amount": "500",
        "note": "The pilot ended early.",
    },
)  # fmt: skip
CLOSE = request_example("Close", "Say why", {"version": 1, "note": "The product was sold."})
TAKE = request_example(
    "Take it", "Others see who has it", {"version": 1, "note": "Looking at the retries."}
)
THRESHOLDS = request_example(
    "Set the usual thresholds", "Percent of the limit; for budgets that set none of their own",
    {"actual": [50, 80, 100], "forecast": [100], "version": 0},
)  # fmt: skip
