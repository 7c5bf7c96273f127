"""Each call once: which telling of it counts, and what a better telling withdraws.

Per emitter and hour the signal with the smallest rank counts (`rules.calls.Rank`). A worse signal
that arrives later is dropped; one that arrived earlier is withdrawn with a restatement. Deciding is
serial per emitter (advisory locks), so that two requests at once cannot both count. The usual case,
the best signal in an hour it has already claimed, takes no lock and writes nothing here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from apps.common.ids import uuid7
from apps.connectors.push.rules.calls import Call, Key
from apps.connectors.push.rules.emitters import hours
from apps.connectors.push.services.locking import lock
from apps.ledger.schema import UsageIn
from apps.ledger.services.sql import array_literal, fetch, insert_rows
from apps.tenancy.scope import require_organization_id

CLAIMED = timedelta(days=21)
"""How long a better signal may be late, and a worse one repeated."""
COVERED = timedelta(days=3)
"""How long a span above another may arrive after it."""
IDENTITY = 0
"""The slot of claims on one span."""
BELOW = 0
"""The rank of a span that was told by one below it."""
_CLAIM = (("key", "uuid"), ("slot", "int"), ("rank", "smallint"), ("expires_on", "date"))
_BETTER = (
    "(organization_id, key, slot) DO UPDATE SET rank = excluded.rank, "
    "expires_on = excluded.expires_on WHERE push_claim.rank > excluded.rank"
)
_PROVISIONAL = (
    ("id", "uuid"),
    ("key", "uuid"),
    ("first_slot", "int"),
    ("last_slot", "int"),
    ("rank", "smallint"),
    ("source_id", "uuid"),
    ("event_id", "text"),
    ("dialect", "text"),
    ("signal", "text"),
    ("tokens", "bigint"),
    ("usage", "bytea"),
    ("expires_on", "date"),
)
Slot = tuple[Key, int]
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(UsageIn).decode


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A record that a better signal replaced."""

    source_id: UUID
    usage: UsageIn
    dialect: str
    signal: str
    tokens: int


@dataclass(slots=True)
class Resolved:
    """What counts of a body, what was told better before, and what this body tells better."""

    counted: list[Call] = field(default_factory=list)
    superseded: list[Call] = field(default_factory=list)
    withdrawn: list[Withdrawn] = field(default_factory=list)


def resolve(calls: Sequence[Call], now: datetime) -> Resolved:
    """Decide in the open transaction. Counted calls with `checks` must then be `remember`ed."""
    wanted = _claims(calls)
    watched = {(key, slot) for call in calls for key in call.checks for slot in _slots(call)}
    own = {(call.own, IDENTITY) for call in calls if call.own is not None}
    known = _read({*wanted, *watched, *own})
    fresh = _improving(wanted, known)
    emitters = {slot for slot in fresh if slot[1] != IDENTITY}
    withdrawn: list[Withdrawn] = []
    if emitters or watched:
        lock({key for key, _ in emitters} | {key for key, _ in watched})
        known = _read({*wanted, *watched, *own})
        fresh = _improving(wanted, known)
    if fresh:
        _write(fresh, now.date())
        withdrawn = _withdraw({k: v for k, v in fresh.items() if k[1] != IDENTITY})
        known.update(fresh)
    result = Resolved(withdrawn=withdrawn)
    for call in calls:
        counted = not _is_told(call, known)
        (result.counted if counted else result.superseded).append(call)
    return result


def _slots(call: Call) -> range:
    return hours(call.first, call.last)


def _claims(calls: Iterable[Call]) -> dict[Slot, int]:
    """The best rank that the calls claim for each emitter's hour, and the spans they cover."""
    found: dict[Slot, int] = {}
    for call in calls:
        if call.claims:
            rank = int(call.rank)
            for slot in _slots(call):
                for key in call.claims:
                    if found.get((key, slot), rank + 1) > rank:
                        found[key, slot] = rank
        for key in call.covers:
            found[key, IDENTITY] = BELOW
    return found


def _improving(wanted: dict[Slot, int], known: dict[Slot, int]) -> dict[Slot, int]:
    return {slot: rank for slot, rank in wanted.items() if known.get(slot, rank + 1) > rank}


def _is_told(call: Call, known: dict[Slot, int]) -> bool:
    if call.own is not None and (call.own, IDENTITY) in known:
        return True
    rank = int(call.rank)
    return any(known.get((key, slot), rank) < rank for key in call.checks for slot in _slots(call))


def _read(slots: Iterable[Slot]) -> dict[Slot, int]:
    """Ranks of the claims that are stored, of exactly these slots."""
    ordered = sorted(slots)
    if not ordered:
        return {}
    rows = fetch(
        "SELECT c.key, c.slot, c.rank FROM unnest(%s::uuid[], %s::int[]) AS w(key, slot) "
        "JOIN push_claim c ON c.organization_id = %s AND c.key = w.key AND c.slot = w.slot",
        [
            array_literal([key.hex() for key, _ in ordered]),
            array_literal([slot for _, slot in ordered]),
            require_organization_id(),
        ],
    )
    return {(row[0].bytes, row[1]): row[2] for row in rows}


def _write(claims: dict[Slot, int], today: date) -> None:
    hourly, covered = today + CLAIMED, today + COVERED
    rows = [
        (key.hex(), slot, rank, covered if slot == IDENTITY else hourly)
        for (key, slot), rank in sorted(claims.items())
    ]
    insert_rows("push_claim", _CLAIM, rows, order="key, slot", conflict=_BETTER)


def _withdraw(claims: dict[Slot, int]) -> list[Withdrawn]:
    """Take back the provisional records that the claims tell better."""
    if not claims:
        return []
    ordered = sorted(claims.items())
    rows = fetch(
        "WITH claimed AS (SELECT * FROM unnest(%(keys)s::uuid[], %(slots)s::int[], "
        "%(ranks)s::smallint[]) AS c(key, slot, rank)), gone AS ("
        "DELETE FROM push_provisional p USING claimed c WHERE p.organization_id = %(org)s "
        "AND p.key = c.key AND p.rank > c.rank AND c.slot BETWEEN p.first_slot AND p.last_slot "
        "RETURNING p.source_id, p.event_id, p.usage, p.dialect, p.signal, p.tokens) "
        "SELECT DISTINCT ON (source_id, event_id) source_id, usage, dialect, signal, tokens "
        "FROM gone ORDER BY source_id, event_id",
        {
            "keys": array_literal([key.hex() for (key, _), _ in ordered]),
            "slots": array_literal([slot for (_, slot), _ in ordered]),
            "ranks": array_literal([rank for _, rank in ordered]),
            "org": require_organization_id(),
        },
    )
    return [
        Withdrawn(source_id, _decode(bytes(usage)), dialect, signal, tokens)
        for source_id, usage, dialect, signal, tokens in rows
    ]


def remember(calls: Iterable[tuple[Call, UUID, UsageIn]], now: datetime) -> None:
    """Keep what is counted although a better signal may follow. Repeating it keeps one."""
    expires = (now + CLAIMED).date()
    rows = [
        (
            uuid7(),
            key.hex(),
            _slots(call).start,
            _slots(call).stop - 1,
            int(call.rank),
            source_id,
            call.event_id,
            str(call.dialect),
            str(call.signal),
            call.counts.total,
            _encode(usage),
            expires,
        )
        for call, source_id, usage in calls
        for key in call.checks
    ]
    insert_rows(
        "push_provisional",
        _PROVISIONAL,
        sorted(rows, key=lambda row: (row[1], row[6])),
        order="key, event_id",
    )
