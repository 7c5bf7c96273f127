"""Examples of the exchange rate endpoints (`apps.common.api.examples`)."""

from apps.common.api.examples import request_example

ENTER = request_example(
    "Enter a rate", "How much of the quote one unit of the base is",
    {
        "base": "EUR",
        "quote": "USD",
        "day": "2026-11-20",
        "rate": "1.1582",
        "origin": "treasury",
        "note": "The house rate of the week.",
    },
)  # fmt: skip
IMPORT = request_example(
    "Check a table", "As the European Central Bank publishes it; nothing is written",
    {"csv": "Date,USD,GBP\n2026-11-19,1.1570,0.8790\n2026-11-18,1.1544,0.8785\n", "dry_run": True},
)  # fmt: skip
REPORTING = request_example("Report in euros", "Empty: each in its own", {"currency": "EUR"})
