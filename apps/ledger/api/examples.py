"""Examples of the ledger endpoints (`apps.common.api.examples`)."""

from apps.common.api.examples import request_example

STEP = request_example(
    "Settle a month", "The first step; `close` is the last, `reopen` needs a note",
    {"step": "settle", "version": 0, "note": "All sources delivered."},
)  # fmt: skip
RECOST = request_example("Price what had no price", "Open periods alone", {"adjust_closed": False})
KEEP = request_example(
    "Keep two years", "Raw records; figures always stay", {"months": 24, "version": 0}
)
BANDS = request_example(
    "Set bands", "By measure; shares between 0 and 1, null is no limit",
    {
        "kind": "production",
        "version": 0,
        "bands": {"bloat": {"low": None, "high": "0.5"}, "retries": {"low": None, "high": "0.1"}},
    },
)  # fmt: skip
