"""The books: exchange rates, a reporting currency, the oldest month closed, the data checked."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from math import sin

from apps.access.roles import Role
from apps.budgets.services import watch
from apps.connectors.enums import KeyStanding
from apps.connectors.inventory.selectors import lines
from apps.connectors.inventory.services import review_key
from apps.connectors.models import KeyReview
from apps.ledger.changelog.services import recognise_switches
from apps.ledger.enums import PeriodStatus
from apps.ledger.quality import services as quality
from apps.ledger.selectors.periods import periods
from apps.ledger.services import close_period, settle_period
from apps.ledger.services.rule_use import count_rule_use
from apps.pricing.fx.services import choose_reporting_currency, import_rates
from tokenops.demo.organization import Demo

DAYS = 140
BASES = {"USD": Decimal("1.0840"), "GBP": Decimal("0.8410"), "CHF": Decimal("0.9390")}
"""Rates of one EUR around which the invented table moves."""


def ensure_books(demo: Demo, now: datetime) -> None:
    """Repeating it adds the rates of the days since and changes nothing else."""
    cfo = demo.role(Role.CFO)
    import_rates(actor=cfo, content=_table(now.date()))
    choose_reporting_currency(actor=cfo, currency="EUR")
    found = periods()
    if not any(period.status == PeriodStatus.CLOSED for period in found):
        ended = [period for period in found if period.ended]
        if len(ended) > 1:
            month = ended[-1].month
            settling = settle_period(actor=cfo, month=month, version=ended[-1].version)
            close_period(
                actor=cfo,
                month=month,
                version=settling.version,
                note="Agreed with the provider's invoices.",
            )
    _review_keys(demo)
    count_rule_use()
    recognise_switches()
    quality.check()
    watch()


def _review_keys(demo: Demo) -> None:
    """Two of the keys that nobody owns, decided about once; the others wait."""
    if KeyReview.objects.exists():
        return
    actor = demo.role(Role.TOKENOPS_LEAD)
    wanted = {"vendor-trial-ocr": KeyStanding.TOLERATED, "hackathon-shared": KeyStanding.BANNED}
    for line in lines():
        if standing := wanted.get(line.label):
            review_key(
                actor=actor,
                provider=line.provider,
                key=line.key,
                standing=standing,
                owner="Platform Engineering",
                payment="The company’s invoice",
                note="Agreed until the end of the year.",
            )


def _table(today: date) -> bytes:
    """Invented rates in the form of the European Central Bank's table, working days only."""
    lines = ["Date," + ",".join(BASES)]
    for back in range(DAYS):
        day = today - timedelta(days=back)
        if day.weekday() < 5:
            swing = Decimal(str(round(sin(day.toordinal() / 9) * 0.011, 6)))
            cells = (f"{rate * (1 + swing):.4f}" for rate in BASES.values())
            lines.append(f"{day},{','.join(cells)}")
    return "\n".join(lines).encode()
