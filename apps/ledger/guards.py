"""What the ledger says when the organization's currency or time zone is about to change."""

from collections.abc import Mapping

from apps.common.errors import FieldError
from apps.ledger.enums import PeriodStatus
from apps.ledger.models import AccountingPeriod, LedgerState, RollupAxis
from apps.ledger.services import rebuild
from apps.organizations.models import Organization
from apps.organizations.selectors import organization


def refuse_settings(own: Organization, changes: Mapping[str, object]) -> list[FieldError]:
    """Figures are kept in one currency, and closed periods keep the days they were cut with."""
    errors: list[FieldError] = []
    if "currency" in changes and RollupAxis.objects.exists():
        errors.append(
            FieldError("currency", f"Usage is kept in {own.currency} already and cannot change.")
        )
    if (
        "timezone" in changes
        and AccountingPeriod.objects.filter(status=PeriodStatus.CLOSED).exists()
    ):
        errors.append(
            FieldError(
                "timezone",
                "Closed periods keep the days they were cut with.",
                "Reopen them first, or keep the time zone.",
            )
        )
    return errors


def follow_settings() -> None:
    """Take over a changed currency or time zone: at once without usage, else by a rebuild."""
    own, state = organization(), LedgerState.objects.first()
    if state is None or (state.timezone, state.currency) == (own.timezone, own.currency):
        return
    if not RollupAxis.objects.exists():
        LedgerState.objects.update(timezone=own.timezone, currency=own.currency)
    elif state.timezone != own.timezone:
        rebuild()
