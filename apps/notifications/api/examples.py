"""Examples of the notification endpoints (`apps.common.api.examples`)."""

from apps.common.api.examples import request_example

PREFERENCES = request_example(
    "A quiet day", "What waits comes at once, the rest in one e-mail in the morning",
    {"emails": {"approval": "now", "budget": "digest"}, "hour": 7, "weekends": False},
)  # fmt: skip
