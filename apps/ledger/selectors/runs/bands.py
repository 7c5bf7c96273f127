"""The bands in force."""

from apps.ledger.models import RunBands
from apps.ledger.rules import bands as rules


def bands_row(kind: str) -> RunBands | None:
    """What the organization keeps for a kind of capability; None while it uses the reference."""
    return RunBands.objects.filter(kind=kind).first()


def bands_of(kind: str) -> rules.Bands:
    """The bands of a kind of capability."""
    row = bands_row(kind)
    return rules.read(kind, row.bands if row else None)
