"""Projects, workspaces and keys, and with them the workloads.

Most teams have one project per provider; the large capabilities have their own, so that a portal
needs rules by project and rules by key.
"""

from hashlib import sha256

from tokenops.simulator.company.capabilities import CAPABILITIES
from tokenops.simulator.company.teams import PEOPLE, TEAMS
from tokenops.simulator.company.types import PHASES, Key, Project, Workload
from tokenops.simulator.company.usage import ROWS, UNCLAIMED

OWN_PROJECT = frozenset(
    {"claims-intake", "agent-assist", "policy-chat", "code-assistant", "text-to-sql", "voice-line"}
)
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"
_HISTORY = -400


def make_id(prefix: str, *parts: str, length: int = 24) -> str:
    """A stable identifier that looks like the provider's."""
    number = int.from_bytes(sha256("/".join((prefix, *parts)).encode()).digest(), "big")
    letters = []
    for _ in range(length):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    return prefix + "".join(letters)


def _project(provider: str, name: str, team: str) -> Project:
    if provider == "anthropic" and name == "Default":
        return Project(provider, None, name, team, _HISTORY)
    prefix = "proj_" if provider == "openai" else "wrkspc_01"
    return Project(provider, make_id(prefix, name), name, team, _HISTORY)


def _key(
    project: Project,
    name: str | None,
    *,
    owner: str,
    capability: str | None,
    phase: str,
    start: int,
) -> Key:
    prefix, length = ("key_", 16) if project.provider == "openai" else ("apikey_01", 22)
    return Key(
        project.provider,
        make_id(prefix, project.name, name, length=length) if name else None,
        name or "Console",
        project.id,
        project.name,
        owner,
        capability,
        phase,
        start - 5 if start > -120 else _HISTORY,
    )


def _owner(team: str, salt: str) -> str:
    members = [person.email for person in PEOPLE if person.team == team] or [PEOPLE[-1].email]
    return members[sha256(salt.encode()).digest()[0] % len(members)]


def _workload(key: Key, what: tuple[str, float, str, str], options: dict[str, object]) -> Workload:
    model, usd, profile, shape = what
    given: dict[str, object] = {
        "growth": 0.09,
        "tier": "standard",
        "context": "0-200k",
        "start": -10_000,
        "stop": None,
        "ramp": 0,
    }
    return Workload(key, model, usd, profile, shape, **{**given, **options})  # type: ignore[arg-type]


def build() -> tuple[tuple[Project, ...], tuple[Key, ...], tuple[Workload, ...]]:
    """Projects, keys and workloads from the tables."""
    teams = {team.code: team for team in TEAMS}
    capabilities = {item.slug: item for item in CAPABILITIES}
    projects: dict[tuple[str, str], Project] = {}
    keys: dict[tuple[str, str, str], Key] = {}
    workloads: list[Workload] = []
    for slug, environment, provider, model, usd, profile, shape, options in ROWS:
        capability = capabilities[slug]
        own = slug in OWN_PROJECT
        project_name = capability.name if own else teams[capability.team].name
        project = projects.setdefault(
            (provider, project_name), _project(provider, project_name, capability.team)
        )
        name = f"{slug}-{environment}"
        start = int(str(options.get("start", -10_000)))
        owner = _owner(capability.team, name)
        key = keys.setdefault(
            (provider, project_name, name),
            _key(
                project,
                name,
                owner=owner,
                capability=slug,
                phase=PHASES[environment],
                start=start,
            ),
        )
        workloads.append(_workload(key, (model, usd, profile, shape), options))
    for name_or_none, provider, project_name, model, usd, profile, shape, options in UNCLAIMED:
        project = projects.setdefault(
            (provider, project_name), _project(provider, project_name, "")
        )
        label = name_or_none or "Console"
        start = int(str(options.get("start", -10_000)))
        key = keys.setdefault(
            (provider, project_name, label),
            _key(
                project,
                name_or_none,
                owner=_owner("DSC", label),
                capability=None,
                phase="",
                start=start,
            ),
        )
        workloads.append(_workload(key, (model, usd, profile, shape), options))
    return tuple(projects.values()), tuple(keys.values()), tuple(workloads)
