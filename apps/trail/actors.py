"""What the system's own programs are called: `system_actor` of `apps.access` takes their codes."""

import re

NAMES = {
    "approvals.deadlines": "Approval deadlines",
    "asks.approve": "Request approval",
    "budgets.filling": "Budget trend",
    "budgets.watch": "Budget watch",
    "connectors.pull": "Source reading",
    "connectors.roles": "Source roles",
    "entitlements": "Entitlements",
    "files.settle": "File settling",
    "imports.prune": "Import clean-up",
    "imports.write": "File import",
    "ledger.changelog": "Change log",
    "ledger.quality": "Data quality",
    "ledger.reattribute": "Attribution",
    "ledger.rebuild": "Rebuilding of figures",
    "ledger.recost": "Pricing",
    "ledger.retention": "Retention",
    "openapi": "API description",
    "reports": "Reports",
    "seats.sync": "Seat sync",
    "stories.approve": "Story approval",
    "stories.close": "Story closing",
    "stories.supersede": "Story replacement",
    "stories.watch_bands": "Band watch",
    "webhooks": "Webhooks",
}
"""Code → name in words. Events keep the code, people read the name."""

_CODE = re.compile(r"[a-z0-9]+(?:[._][a-z0-9]+)+")


def name_of(code: str) -> str:
    """A system actor in words; a code without a name is spelled out, other text stays."""
    if code in NAMES:
        return NAMES[code]
    if _CODE.fullmatch(code):
        return re.sub(r"[._]", " ", code).capitalize()
    return code


def codes_like(text: str) -> list[str]:
    """The codes whose names contain the text, in any case."""
    wanted = text.casefold()
    return [code for code, name in NAMES.items() if wanted in name.casefold()]
