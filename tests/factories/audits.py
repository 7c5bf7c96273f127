"""Audits over usage that the tests can add up by hand."""

from datetime import UTC, date, datetime
from typing import Any

from apps.access.actors import Actor
from apps.audits.models import Audit
from apps.audits.services import baseline, findings, plan
from tests.factories.ledger import price, take, usage

START, END = date(2026, 10, 1), date(2026, 11, 1)
IN_OCTOBER = datetime(2026, 10, 14, 12, tzinfo=UTC)
RECORD_NANOS = 2_800_000
"""One record: 1,000 input at $2 and 100 output at $8 a million."""


def make_usage(capability: str = "", *, records: int = 10, **fields: Any) -> None:
    """October usage at a known price; without a capability it belongs to nobody."""
    take([usage(occurred_at=IN_OCTOBER, capability=capability, **fields) for _ in range(records)])


def make_prices() -> None:
    price()


def make_audit(actor: Actor, **fields: Any) -> Audit:
    fields.setdefault("title", "October consumption")
    return plan.plan_audit(actor=actor, period_start=START, period_end=END, **fields)


def freeze(actor: Actor, audit: Audit) -> Audit:
    baseline.freeze_baseline(actor=actor, audit=audit, version=audit.version)
    return audit


def run_checks(actor: Actor, audit: Audit) -> Audit:
    findings.raise_findings(actor=actor, audit=audit, version=audit.version)
    return audit
