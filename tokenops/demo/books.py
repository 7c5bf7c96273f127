"""The books: exchange rates, a reporting currency, the oldest month closed, the data checked."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from math import sin

from apps.access.actors import Actor
from apps.access.roles import Role
from apps.budgets.services import watch
from apps.common import clock
from apps.common.periods import month_of
from apps.connectors.accounts.services import save_account
from apps.connectors.enums import KeyStanding
from apps.connectors.inventory.selectors import lines
from apps.connectors.inventory.services import review_key
from apps.connectors.models import KeyReview, ProviderAccount
from apps.ledger.changelog.services import recognise_switches
from apps.ledger.enums import PeriodStatus
from apps.ledger.quality import services as quality
from apps.ledger.quality.models import QualityAlert
from apps.ledger.selectors.periods import PeriodRow, periods
from apps.ledger.services import close_period, settle_period
from apps.ledger.services.rule_use import count_rule_use
from apps.pricing.fx.services import choose_reporting_currency, import_rates
from tokenops.demo.answers import at_work
from tokenops.demo.organization import Demo
from tokenops.simulator.company import COMPANY

DAYS = 140
ACCOUNTS = (
    ("openai", "merrowdale", "OpenAI, group contract", KeyStanding.SANCTIONED,
     "Platform Engineering", "The company’s invoice", "Renewed every January."),
    ("google", "merrowdale-vertex", "Vertex AI of Data Science", KeyStanding.TOLERATED,
     "Data Science", "The cloud bill", "To be connected with the billing export."),
    ("mistral", "fraud-pilot", "Mistral pilot", KeyStanding.TOLERATED, "Fraud",
     "A team’s card", "Ends with the pilot."),
    ("deepseek", "personal", "Somebody’s own account", KeyStanding.BANNED, "",
     "Somebody’s own card", "Personal data must not leave the company."),
)  # fmt: skip
SANCTIONED = 12
"""Keys of production that TokenOps has looked at so far, the dearest first."""
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
        for each in reversed(ended):
            _close(cfo, each, last=each is ended[0], now=now)
    _review_keys(demo)
    _declare_accounts(demo)
    count_rule_use()
    recognise_switches()
    quality.check()
    _take_up(demo)
    watch()


def _close(cfo: Actor, period: PeriodRow, *, last: bool, now: datetime) -> None:
    """Eight days after its end; the last month settles, as something of it is still asked about."""
    end = datetime.combine(month_of(period.month).end, time(14), UTC)
    with clock.at(min(at_work(end + timedelta(days=3)), now)):
        settling = settle_period(actor=cfo, month=period.month, version=period.version)
    if last:
        return
    with clock.at(min(at_work(end + timedelta(days=8)), now)):
        close_period(
            actor=cfo,
            month=period.month,
            version=settling.version,
            note="Agreed with the providers' invoices.",
        )


def _review_keys(demo: Demo) -> None:
    """Two of the keys that nobody owns, decided about once; the others wait."""
    if KeyReview.objects.exists():
        return
    actor = demo.role(Role.TOKENOPS_LEAD)
    wanted = {"vendor-trial-ocr": KeyStanding.TOLERATED, "hackathon-shared": KeyStanding.BANNED}
    teams = {key.name: COMPANY.capability(key.capability).team for key in COMPANY.keys
             if key.capability and key.name.endswith("-prod")}  # fmt: skip
    names = {team.code: team.name for team in COMPANY.teams}
    sanctioned = 0
    for line in sorted(lines(), key=lambda line: -(line.cost_nanos or 0)):
        standing = wanted.get(line.label)
        if standing is None and (line.label not in teams or sanctioned == SANCTIONED):
            continue
        sanctioned += standing is None
        review_key(
            actor=actor,
            provider=line.provider,
            key=line.key,
            standing=standing or KeyStanding.SANCTIONED,
            owner=names[teams[line.label]] if standing is None else "Platform Engineering",
            payment="The company’s invoice",
            note="Agreed until the end of the year." if standing else "",
        )


def _take_up(demo: Demo) -> None:
    """One alert is somebody's, one is answered; the others wait."""
    actor = demo.role(Role.TOKENOPS_ANALYST)
    known = list(QualityAlert.objects.order_by("title"))
    for row in known:
        if row.state != "open":
            continue
        if row.title.startswith("Quote helper"):
            quality.resolve(
                actor=actor,
                alert_id=row.id,
                version=row.version,
                note="It opened to all new customers; the story of it waits for its approval.",
            )
        elif row.title.startswith("Voice line"):
            quality.acknowledge(
                actor=actor, alert_id=row.id, version=row.version, note="Asked the team why."
            )


def _declare_accounts(demo: Demo) -> None:
    """Accounts that people know of, once: one that is connected, two that nobody connected yet, and
    one that nobody should use."""
    if ProviderAccount.objects.exists():
        return
    actor = demo.role(Role.TOKENOPS_LEAD)
    for provider, account, name, standing, owner, payment, note in ACCOUNTS:
        save_account(
            actor=actor,
            provider=provider,
            account=account,
            name=name,
            standing=standing,
            owner=owner,
            payment=payment,
            note=note,
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
