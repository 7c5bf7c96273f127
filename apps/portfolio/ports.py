"""What the portfolio needs from apps above it, which register themselves when they start.

The portfolio may not import them: budgets know what guards a capability, asks the exceptions.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

from apps.common.errors import FieldError

ProductionCheck = Callable[[UUID, UUID], Sequence[FieldError]]

_check: ProductionCheck | None = None


def register_production_check(check: ProductionCheck) -> None:
    """`check(capability_id, unit_id)` says what a capability lacks before it goes to production."""
    global _check  # noqa: PLW0603 -- set once at start-up
    _check = check


def missing_for_production(capability_id: UUID, unit_id: UUID) -> Sequence[FieldError]:
    """Empty when the stage may become production. Asked in the open scope."""
    return _check(capability_id, unit_id) if _check is not None else ()
