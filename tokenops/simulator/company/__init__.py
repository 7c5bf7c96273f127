"""Merrowdale Mutual: the invented company whose usage the simulator reports.

`COMPANY` is the one entry point. A portal that wants units, capabilities and attribution rules
that match the simulated keys reads them here; `COMPANY.unclaimed_keys` must stay unattributed.
"""

from tokenops.simulator.company.access import build
from tokenops.simulator.company.capabilities import CAPABILITIES
from tokenops.simulator.company.teams import DIVISIONS, DOMAIN, PEOPLE, TEAMS
from tokenops.simulator.company.types import (
    Capability,
    Company,
    Division,
    Event,
    Key,
    Person,
    Project,
    Team,
    Workload,
)
from tokenops.simulator.company.usage import EVENTS, PROFILES, UNPRICED

__all__ = [
    "COMPANY",
    "Capability",
    "Company",
    "Division",
    "Event",
    "Key",
    "Person",
    "Project",
    "Team",
    "Workload",
]

_projects, _keys, _workloads = build()

COMPANY = Company(
    name="Merrowdale Mutual",
    slug="merrowdale",
    domain=DOMAIN,
    timezone="America/New_York",
    currency="USD",
    divisions=DIVISIONS,
    teams=TEAMS,
    people=PEOPLE,
    capabilities=CAPABILITIES,
    projects=_projects,
    keys=_keys,
    workloads=_workloads,
    profiles=PROFILES,
    events=EVENTS,
    unpriced_models=frozenset({UNPRICED}),
)
