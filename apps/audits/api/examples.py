"""Examples of the audit endpoints (`apps.common.api.examples`)."""

from apps.common.api.examples import PERSON, request_example

SHA256 = "SHA256-OF-THE-REPORT"
PLAN = request_example(
    "Plan an audit", "A month, signed by two roles",
    {
        "title": "Consumption of October",
        "purpose": "What was used without a story, and what it cost.",
        "period_start": "2026-10-01",
        "period_end": "2026-11-01",
        "required_roles": ["cio", "cfo"],
    },
)  # fmt: skip
VERSION = request_example("The version that was read", "Another one answers 409", {"version": 1})
FINDING = request_example(
    "Add a finding", "What a person saw; money in nanos",
    {
        "title": "Retries of the nightly import",
        "seen": "Every fourth call repeats one that timed out.",
        "severity": "medium",
        "remedy": "Raise the timeout to 60 seconds.",
        "effect_nanos": 120_000_000_000,
    },
)  # fmt: skip
ASSIGN = request_example(
    "Assign it", "To somebody, until a day",
    {"version": 1, "action": "assign", "owner": PERSON, "due_on": "2026-12-15"},
)  # fmt: skip
RESOLVE = request_example(
    "Resolve it", "Say what was done",
    {"version": 1, "action": "resolve", "text": "The timeout is 60 seconds since 20 November."},
)  # fmt: skip
ACCEPT = request_example(
    "Ask to live with it", "Until a day: the people on the route of exceptions decide",
    {
        "version": 1,
        "action": "accept",
        "text": "The supplier mends it with its release in March.",
        "until": "2027-03-31",
    },
)  # fmt: skip
SIGN = request_example(
    "Sign", "The hash says which report was read",
    {"version": 1, "role": "cio", "sha256": SHA256},
)  # fmt: skip
REOPEN = request_example(
    "Reopen", "Say why: the next report is a new version",
    {"version": 1, "reason": "A source delivered three days of October late."},
)  # fmt: skip
