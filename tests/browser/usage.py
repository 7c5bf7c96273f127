"""Fifty days of a company's use, made up once and always the same, for pages to show."""

import random
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from apps.common import clock
from apps.ledger.schema import UsageIn
from apps.ledger.services import ingest, mark_coverage
from apps.portfolio.enums import CapabilityKind
from tests.factories.portfolio import make_capability
from tests.factories.runs import PARTS, call
from tests.world import OrganizationWorld

DAYS = 50
#: (model, provider, units per million input, per million output)
MODELS = [
    ("gpt-5", "openai", "1.25", "10"),
    ("gpt-5-mini", "openai", "0.25", "2"),
    ("claude-sonnet-4-5", "anthropic", "3", "15"),
    ("claude-haiku-4-5", "anthropic", "1", "5"),
]
#: (name, kind, unit, model, requests a day, input, output, weekend share, growth)
CAPABILITIES = [
    ("Customer assistant", "production", "apps", 2, 9000, 5200, 620, 0.7, 0.5),
    ("Claims triage", "production", "claims", 0, 4200, 8800, 540, 0.6, 0.1),
    ("Coding assistant", "development", "core", 2, 6400, 14000, 900, 0.1, 0.2),
    ("Test writer", "development", "platform", 3, 2600, 9000, 1400, 0.1, 0.9),
    ("Contract extraction", "pipeline", "claims", 1, 15000, 6000, 300, 1.0, 0.0),
    ("Nightly enrichment", "pipeline", "platform", 1, 22000, 2500, 180, 1.0, -0.2),
    ("Finance questions", "analytics", "root", 0, 900, 7000, 800, 0.1, 0.8),
]
SOURCE = UUID("0199f000-0000-7000-8000-000000000001")


def build_usage(org: OrganizationWorld) -> None:
    """Capabilities and their use in the organization, with a tail that nobody claims."""
    units = org.units
    with org.scope():
        slugs = {
            name: make_capability(name, kind=CapabilityKind(kind), unit_id=units[unit].id).slug
            for name, kind, unit, *_ in CAPABILITIES
        }
        codes = {name: unit.code for name, unit in units.items()}
    chance = random.Random(7)
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    batch = []
    for age in range(DAYS, -1, -1):
        day = today - timedelta(days=age)
        for name, _, unit, model, requests, size, out, weekend, growth in CAPABILITIES:
            level = (1 + growth * (DAYS - age) / DAYS) * chance.uniform(0.9, 1.1)
            calls = int(requests * level * (weekend if day.weekday() >= 5 else 1))
            batch.append(_record(day, model, calls, size, out, unit=codes[unit], cap=slugs[name]))
        batch.append(_record(day, 1, 700, 3000, 200, unit="", cap=""))
        batch.append(
            UsageIn(
                occurred_at=day,
                provider="openai",
                model="lab-preview",
                granularity="day",
                requests=40,
                input_uncached=90_000,
                output=8_000,
                unit=codes["core"],
            )
        )
    batch += _runs(today, slugs["Claims triage"])
    result = ingest(organization_id=org.id, source_id=SOURCE, batch=batch)
    if result.errors:
        raise AssertionError(result.errors[0])
    with org.scope():
        mark_coverage(source_id=SOURCE, complete_through=today, name="OpenAI organization")


def _runs(today, capability) -> list[UsageIn]:
    """A few runs of an agent, one of which starts another."""
    calls = []
    for run in range(1, 7):
        for number in range(5):
            made = call(
                f"run-{run}",
                start=today - timedelta(days=run),
                at=9 * number,
                parent_id="run-6" if run == 1 else "",
                agent="triage",
                workflow="claims",
                tool="search" if number else "",
                retry=number == 3,
                outcome="error" if number == 2 else "success",
                prompt_tokens=PARTS,
                event_id=f"run-{run}-{number}",
                provider="openai",
                model="gpt-5",
                capability=capability,
            )
            made.cost = Decimal("0.0123")
            calls.append(made)
    return calls


def _record(day, model, calls, size, out, *, unit, cap) -> UsageIn:
    name, provider, input_price, output_price = MODELS[model]
    read, cached, written = calls * size * 7 // 10, calls * size * 3 // 10, calls * out
    price = (read * Decimal(input_price) + cached * Decimal(input_price) / 10) + written * Decimal(
        output_price
    )
    return UsageIn(
        occurred_at=day,
        provider=provider,
        model=name,
        granularity="day",
        requests=calls,
        input_uncached=read,
        cache_read=cached,
        output=written * 3 // 4,
        reasoning=written - written * 3 // 4,
        cost=(price / 1_000_000).quantize(Decimal("0.000000001")),
        cost_basis="provider_reported",
        unit=unit,
        capability=cap,
        project_id=cap,
    )
