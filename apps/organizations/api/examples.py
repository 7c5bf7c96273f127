"""Examples of the organization endpoints (`apps.common.api.examples`)."""

from apps.common.api.examples import TEAM, request_example

ORGANIZATION = request_example(
    "Move the year", "Some fields; the fiscal year begins in April", {"fiscal_year_start": 4}
)
UNIT = request_example(
    "Add a team", "Below another unit",
    {"parent_id": TEAM, "name": "Claims automation", "kind": "team", "cost_centre": "CC-214"},
)  # fmt: skip
CHANGE_UNIT = request_example("Rename a team", "Some fields", {"name": "Claims platform"})
MOVE_UNIT = request_example("Move a team", "Below another unit", {"parent_id": "OTHER-TEAM"})
REASON = request_example("Say why", "Kept in the trail", {"reason": "The project ended."})
ROLE = request_example("Give a role", "At a unit and all below it", {
    "role": "unit_lead",
    "unit_id": TEAM,
})  # fmt: skip
INVITE = request_example(
    "Invite somebody", "By e-mail, with a role",
    {"email": "ada@example.com", "role": "tokenops_analyst"},
)  # fmt: skip
KEY = request_example(
    "Make a key", "For a pipeline; its secret is in this answer and nowhere else",
    {"name": "Pipeline", "scopes": ["story.view"], "expires_at": "2027-02-01T00:00:00Z"},
)  # fmt: skip
