"""Channels that may count the same calls, as alerts of data quality."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import combinations
from uuid import UUID

from apps.common import clock, fmt
from apps.connectors import rules
from apps.connectors.enums import PROVIDER_KINDS, SourceRole
from apps.connectors.models import Source
from apps.ledger.quality.enums import Kind, Severity
from apps.ledger.quality.ports import Finding
from apps.ledger.query import Query, run
from apps.ledger.selectors.state import ledger_settings

LOOK_BACK = timedelta(days=14)


def overlapping_channels() -> Iterator[Finding]:
    """Pairs of sources that both count usage of one provider account on the same days.

    A provider's own organization and a gateway, say: one of them is to be compared only. Sources
    whose accounts are named and differ do not overlap, nor do two of one kind without a key in
    common.
    """
    sources = {str(s.id): s for s in Source.objects.filter(role=SourceRole.RECORD)}
    if len(sources) < 2:
        return
    end = clock.today(ledger_settings().timezone)
    seen = _days_by_provider(end, list(sources))
    for provider, by_source in seen.items():
        if len(by_source) < 2:
            continue
        accounts = _values(end, provider, list(by_source), "account")
        keys = _values(end, provider, list(by_source), "api_key")
        for one, other in combinations(sorted(by_source), 2):
            days = sorted(by_source[one] & by_source[other])
            if not days:
                continue
            a, b = sources[one], sources[other]
            how = rules.overlap(
                same_kind=a.kind == b.kind,
                accounts=(accounts[one], accounts[other]),
                keys=(keys[one], keys[other]),
            )
            if how is not None:
                yield _overlap(provider, a, b, days, how)


def _days_by_provider(end: date, sources: list[str]) -> dict[str, dict[str, set[date]]]:
    """Days on which each source counts tokens of each provider."""
    query = Query(
        start=end - LOOK_BACK,
        end=end,
        grain="day",
        group_by=("source", "provider"),
        filters={"source": sources},
    )
    found: dict[str, dict[str, set[date]]] = defaultdict(lambda: defaultdict(set))
    for row in run(query).rows:
        source, provider = row.keys
        if source and provider and row.tokens.total and isinstance(row.period, date):
            found[provider][source].add(row.period)
    return found


def _values(end: date, provider: str, sources: list[str], axis: str) -> dict[str, set[str]]:
    """The values of an axis that each source uses with a provider; "" for usage without one."""
    query = Query(
        start=end - LOOK_BACK,
        end=end,
        group_by=("source", axis),
        filters={"source": sources, "provider": [provider]},
    )
    found: dict[str, set[str]] = defaultdict(set)
    for row in run(query).rows:
        found[row.keys[0] or ""].add(row.keys[1] or "")
    return found


def _overlap(
    provider: str, one: Source, other: Source, days: list[date], how: rules.Overlap
) -> Finding:
    """The finding hangs on the source that should rather be compared: not the provider's own."""
    theirs, rather = sorted((one, other), key=lambda s: (s.kind not in PROVIDER_KINDS, s.name))
    where = f"account {how.account}" if how.account else "an account that is not stated"
    ids: tuple[UUID, UUID] = (min(one.id, other.id), max(one.id, other.id))
    return Finding(
        kind=Kind.OVERLAP,
        subject=f"{provider[:80]}:{ids[0]}:{ids[1]}",
        severity=Severity.BAD if how.certain else Severity.WARN,
        title=f"{theirs.name} and {rather.name} both count {provider}",
        detail=f"Both are channels of record with usage of {provider} in {where} on "
        f"{fmt.plural(len(days), 'day')} since {fmt.day(days[0])}: the same calls may be counted "
        f"twice. On the page of {rather.name}, make it comparison only from the first such day; "
        "or resolve this with a note why they see different calls.",
        since=days[0],
        source_id=rather.id,
    )
