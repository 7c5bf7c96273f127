"""Counting what attribution rules decided."""

from datetime import timedelta

from apps.attribution.services import store_rule_use
from apps.common import clock
from apps.ledger.selectors.rule_use import rule_use
from apps.ledger.selectors.state import ledger_settings

DAYS = 30


def count_rule_use() -> int:
    """Count the last 30 days, today among them, in the open scope; how many rules decided."""
    end = clock.today(ledger_settings().timezone) + timedelta(days=1)
    return store_rule_use(rule_use(end - timedelta(days=DAYS), end))
