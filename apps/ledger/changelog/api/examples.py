"""Examples of the change log (`apps.common.api.examples`)."""

from apps.common.api.examples import request_example

RECORD = request_example(
    "Record a release", "Safe to repeat with a reference of your own",
    {
        "capability": "claims-triage",
        "kind": "release",
        "title": "2.3",
        "occurred_at": "2026-11-20T14:30:00Z",
        "detail": "Retrieves five passages instead of twelve.",
        "link": "https://github.com/example/claims/releases/2.3",
        "reference": "deploy-4711",
    },
)  # fmt: skip
CORRECT = request_example(
    "Correct an entry", "Some fields of the version that was read",
    {"version": 1, "title": "2.3.0", "occurred_at": "2026-11-20T15:00:00Z"},
)  # fmt: skip
WITHDRAW = request_example(
    "Withdraw an entry", "It stays in the log", {"version": 1, "reason": "Rolled back at once."}
)
