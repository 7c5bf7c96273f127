"""A company for the ledger's benchmarks: units, capabilities, keys, rules, prices, usage."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from django.db import connection

from apps.access.actors import system_actor
from apps.attribution.services import RuleDraft, create_rule
from apps.ledger.schema import UsageIn
from apps.organizations.models import Organization
from apps.pricing.seed import seed_price_book
from apps.tenancy.db import roles
from apps.tenancy.scope import tenant_scope
from benchmarks import server
from tests.factories.organizations import make_organization, make_unit
from tests.factories.portfolio import make_capability

MODELS = (
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-mini"),
    ("openai", "gpt-4.1"),
    ("openai", "o3"),
    ("openai", "gpt-5"),
    ("openai", "gpt-5-mini"),
    ("anthropic", "claude-sonnet-4-5"),
    ("anthropic", "claude-haiku-4-5"),
    ("anthropic", "claude-opus-4-1"),
    ("google", "gemini-2.5-pro"),
    ("google", "gemini-2.5-flash"),
    ("mistral", "mistral-large-latest"),
)
UNITS, CAPABILITIES, KEYS, USERS = 14, 40, 240, 120
START = datetime(2026, 8, 1, tzinfo=UTC)


@contextmanager
def database(name: str, *, keep: bool = False) -> Iterator[None]:
    """A fresh database, migrated as the owner and used as the app role; dropped at the end.

    `keep`: take over what an earlier run left, and leave it again.
    """
    server.ensure()
    connection.settings_dict["TEST"]["NAME"] = name
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=keep)
    seed_price_book()
    connection.settings_dict["OPTIONS"]["assume_role"] = roles.APP
    connection.settings_dict["CONN_MAX_AGE"] = None
    connection.close()
    try:
        yield
    finally:
        del connection.settings_dict["OPTIONS"]["assume_role"]
        connection.close()
        connection.creation.destroy_test_db("unused", verbosity=0, keepdb=keep)


@contextmanager
def as_owner() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"SET ROLE {roles.APP}")


def company() -> UUID:
    """An organization whose keys belong to capabilities by rule."""
    organization = make_organization()
    with tenant_scope(organization.id):
        Organization.objects.update(timezone="Europe/Berlin")
        units = [make_unit(f"Team {i}") for i in range(UNITS)]
        capabilities = [
            make_capability(f"Capability {i}", slug=f"c{i}", unit_id=units[i % UNITS].id)
            for i in range(CAPABILITIES)
        ]
        for number, capability in enumerate(capabilities):
            mine = [f"key-{k}" for k in range(KEYS) if k % (CAPABILITIES + 3) == number]
            create_rule(
                actor=system_actor("benchmark"),
                draft=RuleDraft(
                    name=f"Keys of {capability.name}",
                    conditions=[{"field": "api_key", "operator": "in", "values": mine}],
                    capability_id=capability.id,
                ),
            )
    return organization.id


def events(count: int, *, per_day: int, seed: int = 1, prefix: str = "e") -> list[UsageIn]:
    """Single calls in time order: each key uses three models and has one user and project."""
    rng = random.Random(seed)
    step = timedelta(days=1) / per_day
    made = []
    for number in range(count):
        key = rng.randrange(KEYS)
        provider, model = MODELS[(key * 7 + rng.choice((0, 0, 0, 1, 1, 2))) % len(MODELS)]
        cached = rng.choice((0, 0, rng.randrange(20_000)))
        made.append(
            UsageIn(
                occurred_at=START + step * number,
                provider=provider,
                model=model,
                event_id=f"{prefix}-{seed}-{number}",
                api_key_id=f"key-{key}",
                api_key=f"Key {key}",
                project_id=f"proj-{key % 60}",
                user=f"user-{key % USERS}",
                service_tier=rng.choice(("", "", "", "batch")) if provider == "openai" else "",
                input_uncached=rng.randrange(50, 30_000),
                cache_read=cached,
                output=rng.randrange(10, 4_000),
                reasoning=rng.choice((0, 0, rng.randrange(3_000))),
            )
        )
    return made


def as_bodies(usages: list[UsageIn], size: int) -> list[bytes]:
    """NDJSON bodies as a client would push them."""
    encoder = msgspec.json.Encoder()
    lines = [
        encoder.encode({k: v for k, v in msgspec.structs.asdict(usage).items() if v})
        for usage in usages
    ]
    return [b"\n".join(lines[i : i + size]) for i in range(0, len(lines), size)]
