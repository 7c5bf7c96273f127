"""Examples of the price endpoints (`apps.common.api.examples`): models of the price book."""

from typing import Any

from apps.common.api.examples import request_example

TERMS: dict[str, Any] = {
    "name": "Contract 2027",
    "provider": "openai",
    "kind": "discount",
    "discount_percent": "12.5",
    "starts_on": "2027-01-01",
    "note": "Signed on 3 November.",
}
STANDING = request_example(
    "Set a model's standing", "0 where nobody decided",
    {
        "provider": "openai",
        "model": "gpt-4.1",
        "standing": "standard",
        "note": "The default of new work.",
        "version": 0,
    },
)  # fmt: skip
ESTIMATE = request_example(
    "Price a call", "Writes nothing; token kinds are disjoint",
    {
        "provider": "openai",
        "model": "gpt-4.1",
        "tokens": {"input_uncached": 5_200, "cache_read": 4_000, "output": 640},
    },
)  # fmt: skip
RATE = request_example("Add a discount", "On everything of a provider", TERMS)
CHANGE_RATE = request_example(
    "Change a rate", "All of its fields, at the version that was read",
    {**TERMS, "version": 1, "discount_percent": "14"},
)  # fmt: skip
END_RATE = request_example("End a rate", "Its last day", {"version": 1, "ends_on": "2027-12-31"})
