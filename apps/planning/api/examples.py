"""Examples of the planning endpoints (`apps.common.api.examples`)."""

from apps.common.api.examples import TEAM, request_example

NEXT_TEAM = "NEXT-TEAM"
OPEN = request_example(
    "Open a cycle", "A quarter, with the teams that ask",
    {"name": "2027 Q2", "kind": "quarter", "starts_on": "2027-04-01", "unit_ids": [TEAM]},
)  # fmt: skip
ADD = request_example("Add a team", "To the newest round", {"unit_id": NEXT_TEAM})
ROUND = request_example(
    "Start the next round", "With the numbers of the draft, which is round 0",
    {"version": 1, "name": "After the board", "note": "Ten percent less.", "copy_from": 0},
)  # fmt: skip
LOCK = request_example(
    "Lock", "Envelopes stay as they are, and open as budgets",
    {"version": 1, "note": "Agreed on 12 March."},
)  # fmt: skip
ASK = request_example(
    "Ask for an amount", "What the team needs in the cycle",
    {"version": 1, "amount": "18000", "note": "Claims triage for two more regions."},
)  # fmt: skip
GIVE = request_example(
    "Allocate", "What the team gets",
    {"version": 1, "amount": "15000", "note": "One region now, the other after the review."},
)  # fmt: skip
