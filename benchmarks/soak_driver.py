"""What the soak does and checks. It keeps its own books of everything it sent."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import msgspec
from django.db import connection, connections
from django.db.utils import Error as DatabaseError

from apps.access.actors import system_actor
from apps.attribution.services import RuleDraft, create_rule, retire_rule
from apps.common import clock
from apps.common.errors import DomainError
from apps.common.ids import uuid7
from apps.common.periods import month_of
from apps.connectors.models import PullRun, Source
from apps.connectors.services import (
    create_source,
    pull_until_current,
    read_again,
    request_pull,
)
from apps.ledger.enums import Granularity, PeriodStatus
from apps.ledger.models import AccountingPeriod, IngestBatch, UsageRecord
from apps.ledger.rules import keys
from apps.ledger.selectors.verify import verify_rollups
from apps.ledger.services import (
    accept_batch,
    close_period,
    fold,
    reattribute,
    reopen_period,
    settle_period,
)
from apps.ledger.services.intake import LEASE
from apps.outbox.services import dispatch
from apps.tenancy.scope import tenant_scope
from benchmarks import report
from tests.factories.organizations import make_organization, make_unit
from tests.factories.portfolio import make_capability
from tokenops.simulator.server import ANTHROPIC_KEY, OPENAI_KEY

DAYS = 50
START = datetime.now(UTC) - timedelta(days=DAYS)
CLOSABLE: date = month_of(datetime.now(UTC).date()).shift(-1).start
PATIENCE = 300
"""Seconds until the workers must have done their first work, on the slowest machine."""
MODELS = (("openai", "gpt-4o"), ("openai", "gpt-5"), ("anthropic", "claude-sonnet-4-5"))
WEIGHTS = {
    "push": 50, "restate": 18, "repeat": 10, "rule": 4, "period": 3, "pull": 3, "read_again": 1,
    "kill": 3, "crash": 0.7, "flush": 3,
}  # fmt: skip


@dataclass
class Sent:
    """One record as the driver last sent it."""

    at: datetime
    key: str
    output: int
    version: int = 1


@dataclass
class Driver:
    """Acts at random, and remembers."""

    site: "object"
    seed: int
    history: int = 12
    counts: Counter[str] = field(default_factory=Counter)
    books: dict[str, Sent] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.push_source = uuid7()
        self.since: date = (START + timedelta(days=DAYS - self.history)).date()

    def run(self, seconds: float, acts: int | None = None) -> int:
        """Chaos for so many seconds, or acts; then the check. 0 when everything agrees."""
        self.organization_id, self.sources = self._company("soak")
        self.keep = acts is None
        self.push()
        self._await_workers()
        began = time.monotonic()
        actions: dict[str, Callable[[], None]] = {
            "push": self.push, "restate": self.restate, "repeat": self.repeat, "rule": self.rule,
            "period": self.period, "pull": self.pull, "read_again": self.read_again,
            "kill": self.kill, "crash": self.crash, "flush": self.flush,
        }  # fmt: skip
        must = ["push", "kill", "pull", "restate", "crash", "repeat", "rule", "kill", "flush"]
        must += ["period", "push", "kill"]

        def goes_on() -> bool:
            done = sum(self.counts[name] for name in actions)
            return time.monotonic() - began < seconds if acts is None else done < acts

        while must or goes_on():
            name = must.pop(0) if must else self.rng.choices([*WEIGHTS], [*WEIGHTS.values()])[0]
            actions[name]()
            self.counts[name] += 1
            time.sleep(self.rng.uniform(0.02, 0.25))
        self.counts["seconds"] = round(time.monotonic() - began)
        self.site.end_processes("worker-1", "worker-2", "beat")
        self.finish()
        return self.check()

    def _await_workers(self) -> None:
        """Until a worker has folded the first batch: chaos before that would meet nobody."""
        with tenant_scope(self.organization_id):
            request_pull(actor=system_actor("soak"), source_id=self.sources[0].id)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with tenant_scope(self.organization_id):
                if IngestBatch.objects.filter(status="done").exists():
                    return
            time.sleep(0.1)
        raise RuntimeError("the workers did nothing: see the logs with --keep")

    def _company(self, slug: str) -> tuple[UUID, list[Source]]:
        organization = make_organization(slug, slug.title())
        with tenant_scope(organization.id):
            unit = make_unit("Platform")
            self.capabilities = [
                make_capability(f"Capability {i}", slug=f"c{i}", unit_id=unit.id) for i in range(4)
            ]
            url = f"http://127.0.0.1:{self.site.simulator_port}"
            sources = [
                create_source(
                    actor=system_actor("soak"),
                    name=kind,
                    kind=kind,
                    base_url=url + path,
                    credential=credential,
                    history_from=self.since,
                )
                for kind, path, credential in (
                    ("openai", "/v1", OPENAI_KEY),
                    ("anthropic", "", ANTHROPIC_KEY),
                )
            ]
        return organization.id, sources

    def _try(self, act: Callable[[], object]) -> bool:
        """Do it until the database is there; a refusal of the product is an answer."""
        for _ in range(400):
            try:
                with tenant_scope(self.organization_id):
                    act()
            except DomainError:
                return False
            except DatabaseError:
                connections.close_all()
                time.sleep(0.1)
            else:
                return True
        raise RuntimeError("the database did not come back")

    def push(self) -> None:
        """New records of any day; half of the bodies hold an earlier record again."""
        now = datetime.now(UTC)
        for _ in range(self.rng.randrange(20, 400)):
            at = START + timedelta(seconds=self.rng.randrange(DAYS * 86_400))
            sent = Sent(at, f"key-{self.rng.randrange(12)}", self.rng.randrange(1, 900))
            self.books[f"e-{len(self.books)}"] = sent
            self.counts["records"] += 1
        fresh = list(self.books)[-self.counts["records"] + self.counts["pushed"] :]
        self.counts["pushed"] = self.counts["records"]
        self._send(fresh, now)

    def restate(self) -> None:
        """Other figures for known records, observed later."""
        if not self.books:
            return
        names = self.rng.sample([*self.books], min(len(self.books), self.rng.randrange(1, 200)))
        for name in names:
            self.books[name].output += self.rng.randrange(1, 50)
            self.books[name].version += 1
        self.counts["restated"] += len(names)
        self._send(names, datetime.now(UTC))

    def repeat(self) -> None:
        """A body that was accepted long ago, byte by byte, and one in another order."""
        if self.bodies:
            body = self.rng.choice(self.bodies)
            self._accept(body)
            lines = body.split(b"\n")
            self.rng.shuffle(lines)
            self._accept(b"\n".join(lines))

    def _send(self, names: list[str], observed: datetime) -> None:
        lines = []
        for name in names:
            sent = self.books[name]
            number = int(sent.key.removeprefix("key-"))
            provider, model = MODELS[number % len(MODELS)]
            record = {
                "occurred_at": sent.at, "provider": provider, "model": model, "event_id": name,
                "api_key_id": sent.key, "input_uncached": 100, "output": sent.output,
                "observed_at": observed,
            }  # fmt: skip
            lines.append(msgspec.json.encode(record))
        self.bodies.append(b"\n".join(lines))
        self._accept(self.bodies[-1])

    def _accept(self, body: bytes) -> None:
        self._try(lambda: accept_batch(source_id=self.push_source, body=body))

    def rule(self) -> None:
        """Another owner for a key from now on, or one rule less."""
        number, capability = self.rng.randrange(12), self.rng.choice(self.capabilities)
        draft = RuleDraft(
            name=f"Rule {uuid7()}",
            conditions=[{"field": "api_key", "operator": "equals", "values": [f"key-{number}"]}],
            capability_id=capability.id,
        )

        def act() -> None:
            rule = create_rule(actor=system_actor("soak"), draft=draft, position=1)
            if self.rng.random() < 0.3:
                retire_rule(actor=system_actor("soak"), rule_id=rule.id, version=rule.version)

        self._try(act)

    def period(self) -> None:
        """Settle, close or reopen the first month, whichever comes next."""

        def act() -> None:
            row = AccountingPeriod.objects.filter(month=CLOSABLE).first()
            status, version = (row.status, row.version) if row else (PeriodStatus.OPEN, 0)
            given = {"actor": system_actor("soak"), "month": CLOSABLE, "version": version}
            if status == PeriodStatus.OPEN:
                settle_period(**given)
            elif status == PeriodStatus.SETTLING:
                close_period(**given, note="The soak closes it whatever is open.")
            else:
                reopen_period(**given, reason="The soak goes on.")

        self._try(act)

    def pull(self) -> None:
        source = self.rng.choice(self.sources)
        self._try(lambda: request_pull(actor=system_actor("soak"), source_id=source.id))

    def read_again(self) -> None:
        source = self.rng.choice(self.sources)
        days = min(self.history, self.rng.randrange(2, 8))
        until = self.since + timedelta(days=days)
        self._try(
            lambda: read_again(
                actor=system_actor("soak"), source_id=source.id, from_day=self.since, to_day=until
            )
        )

    def kill(self) -> None:
        self.site.kill(self.rng.choice(["worker-1", "worker-2", "worker-1", "beat"]))

    def crash(self) -> None:
        self.site.crash_postgres()
        connections.close_all()

    def flush(self) -> None:
        self.site.flush_valkey()

    def finish(self) -> None:
        """What living workers would do in the next minutes: leases run out, retries come."""
        connections.close_all()
        for step in range(1, 40):
            with clock.at(datetime.now(UTC) + step * (LEASE + timedelta(minutes=30))):
                sent = dispatch(self.organization_id)
                folded = fold(organization_id=self.organization_id)
                if not sent and not folded:
                    break
        reattribute(organization_id=self.organization_id)
        for source in self.sources:
            with clock.at(datetime.now(UTC) + timedelta(days=1)):
                pull_until_current(organization_id=self.organization_id, source_id=source.id)

    def check(self) -> int:
        """Everything against everything; 0 when it all agrees."""
        wrong: list[str] = []
        with tenant_scope(self.organization_id):
            found = verify_rollups()
            if not found.ok:
                wrong.append(f"{found.wrong} of {found.cells} cells: {found.differences[:2]}")
            waiting = IngestBatch.objects.exclude(status="done").values_list("status", "failure")
            wrong += [f"batch {status}: {failure}" for status, failure in waiting[:3]]
            batches = IngestBatch.objects.count()
            runs = PullRun.objects.count()
            stored = self._stored()
            wrong += self._compare(stored)
            pulled = self._pulled()
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM usage_restatement")
                restatements = cursor.fetchone()[0]
                cursor.execute("SELECT count(*) FROM usage_adjustment")
                adjustments = cursor.fetchone()[0]
        fresh, sources = self._company("fresh")
        for source in sources:
            # As late as the last pull of `finish`: both read the hour that is running.
            with clock.at(datetime.now(UTC) + timedelta(days=1)):
                outcomes = pull_until_current(organization_id=fresh, source_id=source.id)
            wrong += [f"{source.name}: {run.error}" for run in outcomes if run.error]
        with tenant_scope(fresh):
            expected = self._pulled()
        if pulled != expected:
            differing = sum(pulled[key] != expected[key] for key in {*pulled, *expected})
            wrong.append(f"{differing} of {len(expected)} pulled sums differ")
        self._report(found.cells, batches, runs, restatements, adjustments, len(expected), wrong)
        return 1 if wrong else 0

    def _stored(self) -> dict[UUID, tuple[datetime, int]]:
        rows = UsageRecord.objects.filter(granularity=Granularity.EVENT).values_list(
            "record_key", "occurred_at", "output"
        )
        return {key: (at, output) for key, at, output in rows}

    def _compare(self, stored: dict[UUID, tuple[datetime, int]]) -> list[str]:
        """Each pushed record is stored once, as it was last sent."""
        names = list(self.books)
        digests = keys.event_keys(self.push_source, names)
        expected = {
            UUID(bytes=digest): (self.books[name].at, self.books[name].output)
            for name, digest in zip(names, digests, strict=True)
        }
        wrong = [f"{len(expected.keys() - stored.keys())} records lost"]
        wrong += [f"{len(stored.keys() - expected.keys())} records too many"]
        stale = sum(stored[key] != value for key, value in expected.items() if key in stored)
        wrong += [f"{stale} records not as last sent"]
        return [line for line in wrong if not line.startswith("0 ")]

    def _pulled(self) -> Counter[tuple[datetime, str, str]]:
        """Tokens and requests of the pulled buckets by start and model."""
        sums: Counter[tuple[datetime, str, str]] = Counter()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT r.occurred_at, d.model, sum(r.input_uncached), sum(r.output), "
                "sum(coalesce(r.cache_read, 0)), sum(coalesce(r.requests, 0)) "
                "FROM usage_record r JOIN dimension_set d ON d.organization_id = r.organization_id "
                "AND d.id = r.dimset_id WHERE r.granularity <> 1 GROUP BY 1, 2"
            )
            for at, model, *values in cursor.fetchall():
                for name, value in zip(("input", "output", "cached", "calls"), values, strict=True):
                    sums[at, model, name] += int(value)
        return sums

    def _report(self, cells, batches, runs, restatements, adjustments, sums, wrong) -> None:
        count = self.counts
        report.save(
            "soak",
            title="Soak: mixed work while processes die",
            notes=["; ".join(wrong) if wrong else "Everything agreed at the end."],
            head=("What", "Count"),
            rows=[
                ("Seconds of chaos", count["seconds"]),
                ("Workers and beat killed with SIGKILL", count["kill"]),
                ("PostgreSQL stopped without a checkpoint", count["crash"]),
                ("Valkey flushed", count["flush"]),
                ("Records pushed", len(self.books)),
                ("Records restated by pushes", count["restated"]),
                ("Bodies repeated", count["repeat"] * 2),
                ("Batches folded", batches),
                ("Pull runs", runs),
                ("Rule changes", count["rule"]),
                ("Steps of the month (settle, close, reopen)", count["period"]),
                ("Restatement rows", restatements),
                ("Adjustment rows", adjustments),
                ("Cells compared with records", cells),
                ("Pulled sums compared with a fresh pull", sums),
            ],
            figures=dict(count),
            passed=not wrong,
            keep=self.keep,
        )
