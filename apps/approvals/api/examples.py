"""Examples of the approval endpoints (`apps.common.api.examples`)."""

from apps.common.api.examples import PERSON, request_example

REQUEST = "REQUEST-ID"
ROUTE = {
    "when": [{"fact": "amount_month_nanos", "op": "gt", "value": 25_000_000_000_000}],
    "steps": [
        {"name": "Architecture", "roles": ["ea", "cto"]},
        {
            "name": "Money",
            "roles": ["cfo"],
            "due_working_days": 3,
            "when": [{"fact": "amount_lifetime_nanos", "op": "gt", "value": 100_000_000_000_000}],
        },
    ],
}
NEW_ROUTE = request_example(
    "Add a route",
    "Above $25,000 a month two steps decide",
    {"name": "Large", "priority": 10, "note": "Large things need both.", "document": ROUTE},
)
CHANGE_ROUTE = request_example(
    "Write a new version",
    "Open requests keep the version they were submitted under",
    {"version": 1, "note": "The CFO decides.", "document": {"steps": [
        {"name": "Money", "roles": ["cfo"]},
    ]}},
)  # fmt: skip
SIMULATE = request_example(
    "Try a route", "On the last 50 requests; writes nothing", {"document": ROUTE, "limit": 50}
)
APPROVE = request_example(
    "Approve", "With a lower cap and a condition",
    {
        "version": 1,
        "decision": "approve",
        "cap": "3000",
        "conditions": [{"text": "Report the value after a quarter.", "due_on": "2027-03-31"}],
    },
)  # fmt: skip
SEND_BACK = request_example(
    "Request changes", "A note is needed",
    {"version": 1, "decision": "request_changes", "note": "Trim the retrieved context."},
)  # fmt: skip
DECLINE = request_example(
    "Decline", "A note is needed; the reason is for the metrics",
    {"version": 1, "decision": "reject", "reason": "too_expensive", "note": "Twice the return."},
)  # fmt: skip
BULK = request_example(
    "Answer several", "Each row is worked by itself",
    {"answers": [{"id": REQUEST, "version": 1, "decision": "approve"}]},
)  # fmt: skip
WITHDRAW = request_example("Withdraw", "Why is optional", {"version": 1, "note": "Filed twice."})
UNDO = request_example("Undo", "The version after the answer", {"version": 2, "note": "Wrong row."})
TO_PERSON = request_example(
    "Name a person", "Somebody who may decide",
    {"version": 1, "person_id": PERSON, "note": "You know this system."},
)  # fmt: skip
RECUSE = request_example("Step back", "For good", {"version": 1, "note": "I advise this team."})
SAMPLE = request_example("Agree", "An automatic approval was right", {"agree": True})
QUESTION = request_example("Ask", "It pauses nothing", {"text": "Who measures the value?"})
ANSWER = request_example("Answer", "Once", {"text": "The claims desk, from the first of April."})
MEET = request_example("Met", "Say by what", {"note": "Reported in the board of April."})
WAIVE = request_example("Waived", "Say why", {"note": "The pilot ended."})
DEPUTY = request_example(
    "Name a deputy", "While you are away",
    {
        "deputy_id": PERSON,
        "kind": "absence",
        "starts_on": "2026-12-21",
        "ends_on": "2027-01-05",
        "subject_type": "story",
        "note": "Winter leave.",
    },
)  # fmt: skip
CALENDAR = request_example(
    "Set the week", "Monday is 0",
    {"workdays": [0, 1, 2, 3, 4], "closes_at": "17:30", "undo_hours": 24},
)  # fmt: skip
HOLIDAYS = request_example(
    "Add days off", "A list of as many as you like", {"day": "2026-12-25", "name": "Christmas Day"}
)
