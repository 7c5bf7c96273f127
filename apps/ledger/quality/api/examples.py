"""Examples of the data quality endpoints (`apps.common.api.examples`)."""

from apps.common.api.examples import request_example

ACKNOWLEDGE = request_example(
    "Acknowledge", "Somebody looks at it", {"version": 1, "note": "Asked the provider."}
)
RESOLVE = request_example(
    "Resolve", "Say what was done", {"version": 1, "note": "The price is in the book now."}
)
GROWTH = request_example(
    "Set the threshold", "Of 28 days against the 28 before; 0 before the first",
    {"percent": 60, "least_tokens": 5_000_000, "version": 0},
)  # fmt: skip
