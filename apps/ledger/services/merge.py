"""One batch into the records: new rows, new versions, and what exactly changed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from apps.common.tokens import KINDS
from apps.ledger.enums import CostBasis, CostStatus, Granularity, RestatementReason
from apps.ledger.rules import days
from apps.ledger.rules.deltas import IntArray
from apps.ledger.services import stage
from apps.ledger.services.sql import array_literal, fetch
from apps.ledger.services.stage import Staged
from apps.tenancy.scope import require_organization_id

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CORE = ("input_uncached", "output")
RARE = tuple(kind for kind in KINDS if kind not in CORE)
DENSE = 4
"""A range of time is read as a whole if it holds at most this many times the batch's records."""
CHANGED = "ledger_changed"
"""Temporary table of the staged rows that differ from their record."""
_MATCH = (
    "r.organization_id = %(org)s AND r.occurred_at = s.occurred_at AND r.record_key = s.record_key"
)
_BETWEEN = "r.occurred_at BETWEEN %(low)s AND %(high)s"
_KNOWN_IDENTITY = (
    "(SELECT d.identity FROM dimension_set d "
    "WHERE d.organization_id = %(org)s AND d.id = r.dimset_id)"
)
_IDENTITY = f"(r.dimset_id <> s.dimset_id AND s.identity <> {_KNOWN_IDENTITY})"
_FOREIGN = "s.source_currency <> '   '"
"""Blanks stand where the source's currency is the ledger's own."""


@dataclass(slots=True)
class Version:
    """The quantities of many records at one moment; one entry per record."""

    occurred: IntArray
    dimset_id: IntArray
    counts: IntArray
    requests: IntArray
    cost: IntArray
    status: NDArray[np.int16]
    granularity: NDArray[np.int16]


@dataclass(slots=True)
class Superseded:
    """Sums of superseded versions: one entry for those of one dimension set, day and status."""

    dimset_id: IntArray
    day: IntArray
    status: NDArray[np.int16]
    records: IntArray
    requests: IntArray
    cost: IntArray
    counts: IntArray


@dataclass(slots=True)
class Update:
    """New versions. `changed` are positions in the stage, ascending. Those at `moved` belong to
    the dimension sets `moved_to` and not to the staged ones (which say the same)."""

    changed: IntArray
    moved: IntArray
    moved_to: IntArray
    old: Superseded


@dataclass(slots=True)
class Merged:
    """What a merge did: positions of new records in the stage, and the new versions, if any.
    `table` is the temporary table that holds (at least) the changed rows."""

    new: IntArray
    update: Update | None
    table: str

    @property
    def changed(self) -> IntArray:
        return np.empty(0, np.int64) if self.update is None else self.update.changed


def _staged(kind: str, staged: frozenset[str]) -> str:
    return f"s.{kind}" if kind in staged else "0"


def _source_cost(staged: frozenset[str]) -> str:
    return f"CASE WHEN {_FOREIGN} THEN s.source_cost_nanos END" if _has_foreign(staged) else "NULL"


def _source_currency(staged: frozenset[str]) -> str:
    return f"CASE WHEN {_FOREIGN} THEN s.source_currency END" if _has_foreign(staged) else "NULL"


def _has_foreign(staged: frozenset[str]) -> bool:
    return "source_currency" in staged


def _content(staged: frozenset[str]) -> list[tuple[str, str]]:
    """(of the record, of the staged row): everything a source says besides the dimensions.

    A cost that the ledger computed is not content: a price that changed since does not restate
    history. A cost that the source reports is, in the currency of the source.
    """
    said = f"{{0}}.cost_basis <> {CostBasis.COMPUTED}"
    own = f"CASE WHEN {said.format('r')} THEN coalesce(r.source_cost_nanos, r.cost_nanos) END"
    theirs = f"CASE WHEN {said.format('s')} THEN coalesce({_source_cost(staged)}, s.cost_nanos) END"
    currency = f"CASE WHEN {said.format('r')} THEN r.source_currency END"
    stated = f"CASE WHEN {said.format('s')} THEN {_source_currency(staged)} END"
    return [
        *((f"coalesce(r.{kind}, 0)", _staged(kind, staged)) for kind in KINDS),
        ("coalesce(r.requests, -1)", "s.requests"),
        ("r.granularity", "s.granularity"),
        ("r.cost_basis", "s.cost_basis"),
        (f"coalesce({own}, -1)", f"coalesce({theirs}, -1)"),
        (f"coalesce({currency}, '')", f"coalesce({stated}, '')"),
    ]


def _differs(staged: frozenset[str]) -> str:
    """Whether the staged row is a newer version of the record with other content.

    Of two versions observed at the same instant the one with the larger content wins, so that the
    outcome does not depend on the order of delivery.
    """
    content = _content(staged)
    changed = " OR ".join(f"{old} <> {new}" for old, new in content)
    old = ", ".join([*(old for old, _ in content), _KNOWN_IDENTITY])
    new = ", ".join([*(new for _, new in content), "s.identity"])
    withdrawn = f"r.cost_status = {CostStatus.WITHDRAWN}"
    return (
        f"(({changed} OR {_IDENTITY} OR {withdrawn}) AND (s.observed_at > r.observed_at OR "
        f"(s.observed_at = r.observed_at AND ({new}) > ({old}))))"
    )


def merge(
    staged: Staged, occurred: IntArray, *, zone: str, source_id: UUID, batch_id: UUID | None
) -> Merged:
    """Insert new records and version changed ones from the staging table.

    `occurred` are the staged instants in order; days are cut in `zone`. Raises IntegrityError
    when another worker inserted one of the records meanwhile: roll back to the savepoint and merge
    again.
    """
    bounds = _instant(occurred[0]), _instant(occurred[-1])
    existing, differing = _existing(staged, bounds)
    if len(existing) < staged.size:
        _insert(staged, existing)
    new = np.setdiff1d(np.arange(staged.size), existing, assume_unique=True)
    if not len(differing):
        return Merged(new, None, staged.table)
    changing = staged
    if len(differing) < staged.size:
        changing = _chosen(staged, differing)
    values = _bounded(bounds) | {
        "source": source_id,
        "batch": batch_id,
        "reason": RestatementReason.RESTATED.value,
    }
    return Merged(new, _update(changing, values, occurred, zone), changing.table)


def _instant(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=int(us))


def _bounded(bounds: tuple[datetime, datetime]) -> dict[str, Any]:
    return {"org": require_organization_id(), "low": bounds[0], "high": bounds[1]}


def _existing(staged: Staged, bounds: tuple[datetime, datetime]) -> tuple[IntArray, IntArray]:
    """Positions whose record exists, and those of them that bring a new version.

    A look into the range comes first: most batches bring a stretch of time nobody has seen. Where
    it holds little besides the batch it is read once; else one look-up per row (LATERAL with a
    fence), which the planner cannot turn into a scan of a month.
    """
    nothing = np.empty(0, np.int64)
    most = DENSE * staged.size
    values = _bounded(bounds) | {"most": most + 1}
    within = "r.organization_id = %(org)s AND r.occurred_at BETWEEN %(low)s AND %(high)s"
    known = fetch(
        f"SELECT count(*) FROM (SELECT FROM usage_record r WHERE {within} LIMIT %(most)s) r",
        values,
    )[0][0]
    if not known:
        return nothing, nothing
    match, differs = f"{_MATCH} AND {_BETWEEN}", _differs(staged.names)
    if known <= most:
        found = (
            f"SELECT array_agg(s.n), array_agg(s.n) FILTER (WHERE {differs}) "
            f"FROM {staged.relation} s JOIN usage_record r ON {match}"
        )
    else:
        found = (
            f"SELECT array_agg(s.n), array_agg(s.n) FILTER (WHERE r.differs) "
            f"FROM {staged.relation} s CROSS JOIN LATERAL (SELECT {differs} AS differs "
            f"FROM usage_record r WHERE {match} OFFSET 0) r"
        )
    existing, differing = fetch(found, values)[0]
    return np.sort(np.array(existing or [], np.int64)), np.sort(np.array(differing or [], np.int64))


def _chosen(staged: Staged, positions: IntArray) -> Staged:
    """Some rows of the stage in a table of their own."""
    changed = staged.moved(CHANGED)
    with connection.cursor() as cursor:
        stage.create(cursor, CHANGED)
        cursor.execute(
            f"INSERT INTO {CHANGED} SELECT s.* FROM {staged.table} s WHERE s.n = ANY(%s::int[])",
            [array_literal(positions.tolist())],
        )
    return changed


def _insert(staged: Staged, existing: IntArray) -> None:
    """The records that do not exist yet, in key order."""
    rare = [kind for kind in RARE if kind in staged.names]
    foreign = ["source_cost_nanos", "source_currency"] if _has_foreign(staged.names) else []
    names = [*CORE, *rare, *foreign]
    values = [*(f"s.{kind}" for kind in CORE), *(f"NULLIF(s.{kind}, 0)" for kind in rare)]
    if foreign:
        values += [_source_cost(staged.names), _source_currency(staged.names)]
    where = "" if not len(existing) else "WHERE NOT s.n = ANY(%(existing)s::int[])"
    sql = (
        "INSERT INTO usage_record (organization_id, record_key, occurred_at, observed_at, "
        "dimset_id, price_id, cost_nanos, requests, version, cost_basis, cost_status, granularity, "
        f"{', '.join(names)}) SELECT %(org)s, s.record_key, s.occurred_at, s.observed_at, "
        f"s.dimset_id, NULLIF(s.price_id, 0), {_COST}, NULLIF(s.requests, -1), 1, "
        f"s.cost_basis, s.cost_status, s.granularity, {', '.join(values)} "
        f"FROM {staged.relation} s {where} ORDER BY s.occurred_at, s.record_key"
    )
    parameters: dict[str, Any] = {
        "org": require_organization_id(),
        "existing": array_literal(existing.tolist()),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


_COST = f"CASE WHEN s.cost_status < {CostStatus.UNPRICED} THEN s.cost_nanos END"


def _update(staged: Staged, values: dict[str, Any], occurred: IntArray, zone: str) -> Update:
    """New versions of existing records; the superseded ones become restatement rows.

    Rows are locked in key order first: two workers with the same records wait, never deadlock.
    """
    joined = f"{_MATCH} AND {_BETWEEN}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {staged.relation} s JOIN usage_record r "
            f"ON {joined} ORDER BY r.occurred_at, r.record_key FOR UPDATE OF r) locked",
            values,
        )
    names = staged.names
    changes = [
        "observed_at = s.observed_at",
        f"dimset_id = CASE WHEN {_IDENTITY} THEN s.dimset_id ELSE r.dimset_id END",
        "price_id = NULLIF(s.price_id, 0)",
        f"cost_nanos = {_COST}",
        "requests = NULLIF(s.requests, -1)",
        "version = r.version + 1",
        "cost_basis = s.cost_basis",
        "cost_status = s.cost_status",
        "granularity = s.granularity",
        *(f"{kind} = s.{kind}" for kind in CORE),
        *(f"{kind} = {f'NULLIF(s.{kind}, 0)' if kind in names else 'NULL'}" for kind in RARE),
        f"source_cost_nanos = {_source_cost(names)}",
        f"source_currency = {_source_currency(names)}",
    ]
    update = (
        f"UPDATE usage_record r SET {', '.join(changes)} FROM {staged.relation} s "
        f"WHERE {joined} AND {_differs(names)} RETURNING s.n, s.dimset_id AS told, {RETURNED}"
    )
    return _summed(update, values, occurred, zone)


def _summed(update: str, values: dict[str, Any], occurred: IntArray, zone: str) -> Update:
    """Run an UPDATE that restates. The old versions are summed where they are: all that is needed
    of them is what they added to each cell."""
    local, utc = (days.cuts(occurred, zone, utc_day=utc_day) for utc_day in (False, True))
    whole = f"u.old_granularity = {Granularity.DAY}"
    part = (
        f"CASE WHEN {whole} THEN width_bucket(u.occurred_at, %(utc)s::timestamptz[]) "
        "ELSE -width_bucket(u.occurred_at, %(local)s::timestamptz[]) END"
    )
    kinds = ", ".join(f"coalesce(sum(u.old_{kind}), 0)::bigint" for kind in KINDS)
    nothing = ", ".join(["NULL"] * (6 + len(KINDS)))
    sql = (
        f"{_restating(update, source=ONE_SOURCE)} "
        f"SELECT u.old_dimset_id, {part}, u.old_cost_status::bigint, count(*), "
        f"coalesce(sum(u.old_requests), 0), coalesce(sum(u.old_cost_nanos), 0)::bigint, {kinds}, "
        "NULL::int[], NULL::int[], NULL::bigint[] FROM u GROUP BY 1, 2, 3 "
        f"UNION ALL SELECT {nothing}, array_agg(u.n), "
        "array_agg(u.n) FILTER (WHERE u.new_dimset_id <> u.told), "
        "array_agg(u.new_dimset_id) FILTER (WHERE u.new_dimset_id <> u.told) FROM u"
    )
    starts = {"local": local.starts, "utc": utc.starts}
    *groups, listed = fetch(
        sql, values | {name: [_instant(us) for us in at] for name, at in starts.items()}
    )
    changed, moved, moved_to = (np.array(found or [], np.int64) for found in listed[-3:])
    data = np.array([row[:-3] for row in groups], np.int64).reshape(-1, 6 + len(KINDS))
    bucket = data[:, 1]
    day = np.where(
        bucket > 0,
        utc.days[np.clip(bucket - 1, 0, len(utc.days) - 1)],
        local.days[np.clip(-bucket - 1, 0, len(local.days) - 1)],
    )
    order = np.argsort(moved, kind="stable")
    return Update(
        changed=np.sort(changed),
        moved=moved[order],
        moved_to=moved_to[order],
        old=Superseded(
            dimset_id=data[:, 0],
            day=day,
            status=data[:, 2].astype(np.int16),
            records=data[:, 3],
            requests=data[:, 4],
            cost=data[:, 5],
            counts=data[:, 6:],
        ),
    )


def _kinds(version: str) -> str:
    return f"ARRAY[{', '.join(_each(version))}]::bigint[]"


def _tokens(version: str) -> str:
    return "+".join(_each(version))


def _each(version: str) -> list[str]:
    return [f"coalesce(u.{version}_{kind}, 0)" for kind in KINDS]


_OF_BOTH = ("dimset_id", "requests", "cost_nanos", "price_id", "observed_at", *KINDS)
RETURNED = (
    "r.record_key, r.occurred_at, old.cost_status AS old_cost_status, "
    "old.granularity AS old_granularity, new.version AS new_version, "
    + ", ".join(f"{of}.{name} AS {of}_{name}" for of in ("old", "new") for name in _OF_BOTH)
)
"""What an UPDATE of records returns: both versions (PostgreSQL 18)."""


ONE_SOURCE = "%(source)s::uuid"
SOURCE_OF_SET = (
    "(SELECT d.source_id FROM dimension_set d "
    "WHERE d.organization_id = %(org)s AND d.id = u.new_dimset_id)"
)


def restating(update: str, *, source: str = SOURCE_OF_SET) -> str:
    """An UPDATE of records that also writes its restatement rows; returns the old versions.

    Columns of the answer, all bigint and never null: n, occurred_at in microseconds, dimset,
    requests, cost, status, granularity, the kinds, the new dimset. `%(reason)s` and `%(batch)s`
    are parameters, `%(source)s` too when the records are of one source.
    """
    return (
        f"{_restating(update, source=source)} "
        "SELECT u.n::bigint, (extract(epoch FROM u.occurred_at) * 1000000)::bigint, "
        "u.old_dimset_id, coalesce(u.old_requests, -1)::bigint, coalesce(u.old_cost_nanos, 0), "
        "u.old_cost_status::bigint, "
        f"u.old_granularity::bigint, {', '.join(_each('old'))}, u.new_dimset_id FROM u"
    )


def _restating(update: str, *, source: str) -> str:
    """WITH `u`, the versions that an UPDATE returns, whose restatement rows are written."""
    return (
        f"WITH u AS MATERIALIZED ({update}), w AS (INSERT INTO usage_restatement "
        "(organization_id, id, source_id, record_key, occurred_at, version, reason, old_dimset_id, "
        "new_dimset_id, old_kinds, new_kinds, old_tokens, new_tokens, old_requests, new_requests, "
        "old_cost_nanos, new_cost_nanos, old_price_id, new_price_id, difference_nanos, "
        "old_observed_at, observed_at, batch_id) "
        f"SELECT %(org)s, uuidv7(), {source}, u.record_key, u.occurred_at, u.new_version, "
        f"%(reason)s, u.old_dimset_id, u.new_dimset_id, {_kinds('old')}, {_kinds('new')}, "
        f"{_tokens('old')}, {_tokens('new')}, "
        "u.old_requests, u.new_requests, u.old_cost_nanos, u.new_cost_nanos, "
        "u.old_price_id, u.new_price_id, "
        "coalesce(u.new_cost_nanos, 0) - coalesce(u.old_cost_nanos, 0), u.old_observed_at, "
        "u.new_observed_at, %(batch)s::uuid FROM u)"
    )


def versions(sql: str, values: dict[str, Any]) -> tuple[IntArray, Version, IntArray]:
    """Run a `restating` statement: positions in order, superseded versions, new dimension sets."""
    rows = fetch(sql, values)
    flat = np.fromiter(chain.from_iterable(rows), np.int64, count=len(rows) * _WIDTH)
    data = flat.reshape(-1, _WIDTH)
    return _versions(data[np.argsort(data[:, 0], kind="stable")])


def _versions(data: IntArray) -> tuple[IntArray, Version, IntArray]:
    kinds = len(KINDS)
    old = Version(
        occurred=data[:, 1],
        dimset_id=data[:, 2],
        counts=data[:, 7 : 7 + kinds],
        requests=data[:, 3],
        cost=data[:, 4],
        status=data[:, 5].astype(np.int16),
        granularity=data[:, 6].astype(np.int16),
    )
    return data[:, 0], old, data[:, 7 + kinds]


_WIDTH = 8 + len(KINDS)
"""Columns of the answer of `restating`."""
