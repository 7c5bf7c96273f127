"""The ledger's settings, without its lock."""

from dataclasses import dataclass

from apps.common.memo import once
from apps.ledger.models import LedgerState
from apps.organizations.selectors import organization


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """The zone days are cut in, and the currency of every cost."""

    timezone: str
    currency: str


@once
def ledger_settings() -> LedgerSettings:
    """What the stored figures were cut with; the organization's settings before the first one."""
    state = LedgerState.objects.first() or organization()
    return LedgerSettings(state.timezone, state.currency)
