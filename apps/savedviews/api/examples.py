"""Examples of the saved views (`apps.common.api.examples`)."""

from apps.common.api.examples import request_example

SAVE = request_example(
    "Keep a view", "The query of a page under a name",
    {
        "page": "approvals",
        "name": "Large and late",
        "query": "tab=mine&sort=-amount",
        "shared": True,
    },
)  # fmt: skip
