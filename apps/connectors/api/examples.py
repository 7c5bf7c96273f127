"""Examples of the source endpoints (`apps.common.api.examples`)."""

from apps.common.api.examples import request_example

NEW = request_example(
    "Connect a provider", "With its admin key, which no answer shows again",
    {
        "kind": "openai",
        "name": "OpenAI of the group",
        "credential": "sk-admin-of-your-organization",
        "history_from": "2026-09-01",
    },
)  # fmt: skip
CHANGE = request_example(
    "Change a source", "Some fields of the version that was read",
    {"version": 1, "name": "OpenAI, Europe", "schedule_minutes": 120},
)  # fmt: skip
CREDENTIAL = request_example(
    "Replace the key", "The source goes on with it",
    {"version": 1, "credential": "sk-admin-the-next-one"},
)  # fmt: skip
PAUSE = request_example("Pause", "Say why", {"version": 1, "reason": "The key is being replaced."})
RESUME = request_example("Resume", "The version that was read", {"version": 1})
PULL = request_example("Read now", "What is new since the last run", {})
READ_AGAIN = request_example(
    "Read days again", "UTC days; nothing counts twice",
    {
        "from_day": "2026-11-10",
        "to_day": "2026-11-12",
        "reason": "The provider corrected them.",
    },
)  # fmt: skip
ROLE = request_example(
    "Compare only", "Another channel counts these calls",
    {
        "version": 1,
        "role": "comparison",
        "since": "2026-11-23",
        "reason": "The gateway counts them since Monday.",
    },
)  # fmt: skip
ALARM = request_example("Acknowledge", "What was found out", {"note": "A new field we do not use."})
LIMITS = request_example(
    "Set limits", "Shares in basis points, money in nanos; 0 before the first",
    {
        "close_bp": 50,
        "wide_bp": 300,
        "small_nanos": 5_000_000_000,
        "small_tokens": 100_000,
        "version": 0,
    },
)  # fmt: skip
KEY = request_example(
    "Decide about a key", "0 where nobody decided",
    {
        "provider": "openai",
        "key": "claims-nightly",
        "standing": "sanctioned",
        "owner": "Claims desk",
        "payment": "Invoice of the group",
        "version": 0,
    },
)  # fmt: skip
ACCOUNT = request_example(
    "Declare an account", "0 where nobody spoke about it",
    {
        "provider": "google",
        "account": "claims-vertex",
        "name": "Vertex AI of the claims desk",
        "standing": "tolerated",
        "owner": "Claims desk",
        "payment": "The cloud bill",
        "note": "To be connected with the billing export.",
        "version": 0,
    },
)  # fmt: skip
SEATS = request_example(
    "Import people", "A table with person and plan; since and last_active if known",
    {"table": "person,plan,since\nada@example.com,Chat,2026-10-01\nbob@example.com,Chat,\n"},
)  # fmt: skip
PLAN = request_example(
    "Add a plan", "The price of a seat and month, in nanos",
    {"name": "Coding", "price_nanos": 39_000_000_000, "included": "300 premium requests"},
)  # fmt: skip
CHANGE_PLAN = request_example(
    "Change the price", "From this month on; earlier months keep theirs",
    {
        "version": 1,
        "name": "Coding",
        "price_nanos": 42_000_000_000,
        "price_from": "2026-11-01",
    },
)  # fmt: skip
