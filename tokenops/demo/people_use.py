"""Use that names its people: developers with a command-line agent, and business users who ask.

Both are pushed over the records API, by what would send them: a developer's day as one record,
questions one by one. A few people ask most of the questions, as everywhere.
"""

import datetime as dt
import json
from collections.abc import Iterator
from random import Random
from typing import Any

from apps.access.roles import Role
from apps.connectors.enums import SourceKind
from apps.connectors.models import Source
from apps.connectors.push.services import accept_usage
from apps.ledger.services import fold
from apps.portfolio.models import Capability
from apps.portfolio.services import create_capability
from apps.tenancy.scope import tenant_scope
from tokenops.demo.organization import Demo
from tokenops.simulator.company import COMPANY

SOURCE = "People’s assistants"
DAYS = 30
SEED = 20_263
CODING, ASKING = "terminal-agents", "ask-the-numbers"
_CAPABILITIES = (
    (CODING, "Terminal agents", "development", "DVX", "Coding agents on engineers' machines."),
    (ASKING, "Ask the numbers", "analytics", "FIN", "Questions to the monthly figures, in words."),
)
_CODERS = frozenset({"DVX", "PLT", "COR", "SEC", "DEN"})
Record = dict[str, Any]


def push_people_use(demo: Demo, now: dt.datetime) -> None:
    """The last thirty days, once."""
    with tenant_scope(demo.organization.id):
        if Source.objects.filter(kind=SourceKind.RECORDS_API, name=SOURCE).exists():
            return
        known = set(Capability.objects.values_list("slug", flat=True))
        for slug, name, kind, team, description in _CAPABILITIES:
            if slug not in known:
                create_capability(
                    actor=demo.role(Role.TOKENOPS_LEAD),
                    name=name,
                    slug=slug,
                    kind=kind,
                    unit_id=demo.units[team],
                    stage="production",
                    data_class="internal",
                    owner_membership_id=demo.lead_of(team).membership_id,
                    description=description,
                )
        body = "\n".join(json.dumps(record) for record in records(now))
        accept_usage(actor=demo.role(Role.ADMIN), data=body.encode(), lines=True, source=SOURCE)
    fold(organization_id=demo.organization.id)


def records(now: dt.datetime) -> Iterator[Record]:
    """Every record, the same for the same day."""
    random = Random(SEED)  # noqa: S311 -- invented data, the same every time
    coders = [person.email for person in COMPANY.people if person.team in _CODERS]
    askers = [person.email for person in COMPANY.people if person.team not in _CODERS]
    taste = {user: random.lognormvariate(11.4, 0.9) for user in coders}
    habit = {user: random.paretovariate(1.1) for user in askers}
    for ago in range(DAYS, 0, -1):
        day = (now - dt.timedelta(days=ago)).replace(hour=0, minute=0, second=0, microsecond=0)
        if day.weekday() >= 5:
            continue
        for user in coders:
            if random.random() < 0.8:
                yield _coding(random, user, day, taste[user])
        for user in askers:
            for number in range(min(25, int(habit[user] * random.uniform(0, 1.2)))):
                yield _question(random, user, day, number)


def _coding(random: Random, user: str, day: dt.datetime, usual: float) -> Record:
    whole = int(usual * random.uniform(0.4, 1.8))
    return {
        "event_id": f"code-{day:%Y%m%d}-{user}",
        "occurred_at": (day + dt.timedelta(hours=16)).isoformat(),
        "provider": "anthropic",
        "model": "claude-sonnet-5-5",
        "account": "merrowdale-desks",
        "project": "codex-cli",
        "capability": CODING,
        "phase": "development",
        "user": user,
        "input_uncached": whole // 5,
        "cache_read": whole * 7 // 10,
        "output": whole // 10,
        "requests": max(1, whole // 9_000),
    }


def _question(random: Random, user: str, day: dt.datetime, number: int) -> Record:
    at = day + dt.timedelta(seconds=random.randint(7 * 3600, 17 * 3600))
    return {
        "event_id": f"ask-{day:%Y%m%d}-{user}-{number}",
        "occurred_at": at.isoformat(),
        "provider": "anthropic",
        "model": "claude-sonnet-5-5",
        "account": "merrowdale-desks",
        "capability": ASKING,
        "phase": "production",
        "user": user,
        "input_uncached": random.randint(2_800, 9_500),
        "cache_read": random.randint(0, 5_000),
        "output": random.randint(120, 900),
    }
