"""The design review in force, and what its gates refuse."""

from uuid import UUID

from apps.asks.enums import Rule
from apps.asks.models import Ask
from apps.asks.selectors import exceptions_in_force
from apps.budgets.selectors.guardrails import lacking_guardrail
from apps.common import clock
from apps.common.errors import FieldError
from apps.stories import design
from apps.stories.models import DesignChecklist


def checklist_in_force() -> tuple[design.Checklist, int]:
    """The organization's checklist and its version; version 0 is the default. One query."""
    row = DesignChecklist.objects.first()
    if row is None or not row.version:
        return design.DEFAULT, 0
    return design.parse(row.document), row.version


def excused_from(rule: Rule, unit_id: UUID | None) -> Ask | None:
    """The exception that lets a team pass a gate today."""
    return next(iter(exceptions_in_force(unit_id, rule.value, clock.today())), None)


def missing_for_production(capability_id: UUID, unit_id: UUID) -> list[FieldError]:
    """Why a capability may not go to production: nothing guards its use, and nobody excused it."""
    if not checklist_in_force()[0].go_live_gate:
        return []
    lacks = lacking_guardrail(capability_id, clock.today())
    if not lacks or excused_from(Rule.GO_LIVE, unit_id) is not None:
        return []
    return [
        FieldError(
            "stage",
            f"Production needs guardrails: {lacks}.",
            "Give it a budget with a limit, thresholds and an owner, or ask for an exception.",
        )
    ]
