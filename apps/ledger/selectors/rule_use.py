"""What attribution rules decided: records, tokens and cost of some days, by rule."""

from datetime import date
from typing import Any

from django.db import connection

from apps.attribution.models import RuleUse
from apps.common.tokens import KINDS
from apps.ledger.enums import CostStatus, Granularity
from apps.ledger.selectors.state import ledger_settings
from apps.tenancy.scope import require_organization_id

_TOKENS = "+".join(f"coalesce(r.{kind}, 0)" for kind in KINDS)
_SQL = (
    f"WITH s AS (SELECT r.dimset_id, CASE WHEN r.granularity = {Granularity.DAY} "
    "THEN (r.occurred_at AT TIME ZONE 'UTC')::date "
    "ELSE (r.occurred_at AT TIME ZONE %(zone)s)::date END AS day, count(*) AS records, "
    f"sum({_TOKENS})::bigint AS tokens, coalesce(sum(r.cost_nanos), 0)::bigint AS cost, "
    f"count(*) FILTER (WHERE r.cost_status >= {CostStatus.UNPRICED}) AS unpriced "
    "FROM usage_record r WHERE r.organization_id = %(org)s "
    f"AND r.cost_status <> {CostStatus.WITHDRAWN} "
    "AND r.occurred_at >= %(first)s::date - 2 AND r.occurred_at < %(last)s::date + 2 "
    "GROUP BY 1, 2) "
    "SELECT a.rule_id, sum(s.records)::bigint, sum(s.tokens)::bigint, sum(s.cost)::bigint, "
    "sum(s.unpriced)::bigint FROM s JOIN attribution_span a ON a.organization_id = %(org)s "
    "AND a.dimset_id = s.dimset_id AND a.valid_from <= s.day AND s.day < a.valid_to "
    "WHERE a.rule_id IS NOT NULL AND s.day >= %(first)s AND s.day < %(last)s GROUP BY a.rule_id"
)


def rule_use(first: date, last: date) -> list[RuleUse]:
    """Unsaved counts of the ledger's days [first, last); reads records, so not for a page."""
    values: dict[str, Any] = {
        "org": require_organization_id(),
        "zone": ledger_settings().timezone,
        "first": first,
        "last": last,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SQL, values)
        return [
            RuleUse(
                rule_id=rule_id,
                records=records,
                tokens=tokens,
                cost_nanos=cost,
                unpriced_records=unpriced,
                starts_on=first,
                ends_on=last,
            )
            for rule_id, records, tokens, cost, unpriced in cursor.fetchall()
        ]
