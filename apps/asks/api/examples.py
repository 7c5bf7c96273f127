"""Examples of budget requests and exceptions (`apps.common.api.examples`)."""

from apps.common.api.examples import TEAM, request_example

BUDGET = "BUDGET-ID"
MORE = request_example(
    "Ask for more", "A budget's amount raised for good",
    {
        "kind": "amount",
        "budget_id": BUDGET,
        "title": "Claims season",
        "reason": "Twice the claims from January on.",
        "amount": "6000",
        "starts_on": "2027-01-01",
    },
)  # fmt: skip
EXCEPTION = request_example(
    "Ask for an exception", "Dated, always",
    {
        "kind": "exception",
        "rule": "model",
        "unit_id": TEAM,
        "title": "A preview model for scanned letters",
        "about": "letters-preview",
        "reason": "The standard models read the seals wrong.",
        "starts_on": "2026-12-01",
        "ends_on": "2027-02-28",
    },
)  # fmt: skip
ENTITLEMENT = request_example(
    "Ask for an entitlement", "Long context, with evidence, until a day",
    {
        "kind": "entitlement",
        "unit_id": TEAM,
        "title": "Whole policies in one call",
        "reason": "Split policies lose what one clause says of another.",
        "entitlement": {
            "gives": "context",
            "context_tokens": 400000,
            "evidence": "Measured on 300 policies: 94% right whole, 71% in parts.",
        },
        "starts_on": "2026-12-01",
        "ends_on": "2027-05-31",
    },
)  # fmt: skip
AGAIN = request_example(
    "Ask again", "After it was sent back",
    {
        "version": 2,
        "title": "A preview model for scanned letters",
        "about": "letters-preview",
        "reason": "Measured on 400 letters: 97% against 61%.",
        "starts_on": "2026-12-01",
        "ends_on": "2027-01-31",
    },
)  # fmt: skip
