"""The shape of the simulated company's data. Everything is plain, frozen and invented."""

from dataclasses import dataclass

PHASES = {"prod": "production", "test": "testing", "dev": "development"}


@dataclass(frozen=True, slots=True)
class Division:
    """A group of teams: the level below the company."""

    code: str
    name: str
    cost_centre: str


@dataclass(frozen=True, slots=True)
class Team:
    """A team with its cost centre; `lead` is the e-mail of a person."""

    code: str
    name: str
    division: str
    cost_centre: str
    lead: str


@dataclass(frozen=True, slots=True)
class Person:
    """An invented employee. `team` is empty for people of the executive floor."""

    name: str
    email: str
    title: str
    team: str = ""


@dataclass(frozen=True, slots=True)
class Capability:
    """Something the company built that consumes tokens.

    `kind` is development, production, pipeline or analytics; `stage` experiment, pilot, production
    or retired; `data_class` public, internal, confidential or personal.
    """

    slug: str
    name: str
    kind: str
    team: str
    stage: str
    data_class: str
    description: str


@dataclass(frozen=True, slots=True)
class Project:
    """An OpenAI project or an Anthropic workspace. Id None is Anthropic's default workspace."""

    provider: str
    id: str | None
    name: str
    team: str
    created_day: int


@dataclass(frozen=True, slots=True)
class Key:
    """An API key. `capability` None means that nobody has claimed it.

    Id None is use through Anthropic's console, which has no key. `phase` is the ledger's word for
    the stage of work: production, testing or development.
    """

    provider: str
    id: str | None
    name: str
    project_id: str | None
    project: str
    owner: str
    capability: str | None
    phase: str
    created_day: int


@dataclass(frozen=True, slots=True)
class Workload:
    """One stream of calls: a key using one model in one service tier.

    `usd` is the list-price cost of 30 ordinary days at the anchor day. Days (`start`, `stop`,
    `ramp`) count from the anchor: -50 is 50 days before it. `growth` is per 30 days. `geo` and
    `speed` are Anthropic's: where inference has to run, and fast mode.
    """

    key: Key
    model: str
    usd: float
    profile: str
    shape: str
    growth: float
    tier: str
    context: str
    start: int
    stop: int | None
    ramp: int
    geo: str = "global"
    speed: str = "standard"

    @property
    def provider(self) -> str:
        return self.key.provider

    @property
    def name(self) -> str:
        """Identity of the stream; its random numbers are derived from it."""
        key = self.key
        return f"{key.provider}/{key.name}/{self.model}/{self.tier}/{self.context}/{self.start}"


@dataclass(frozen=True, slots=True)
class Profile:
    """Mean tokens of one request, by kind, and its web searches (Anthropic server tool)."""

    uncached: float = 0
    cache_read: float = 0
    write_5m: float = 0
    write_1h: float = 0
    output: float = 0
    image: float = 0
    audio_in: float = 0
    audio_out: float = 0
    searches: float = 0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one capability between two days (end exclusive).

    `kind` runaway multiplies the calls and ignores office hours; cache_loss turns `amount` of the
    cache reads into uncached input; launch and switch only explain what the workloads already do.
    """

    kind: str
    capability: str
    start: int
    end: int
    amount: float
    note: str


@dataclass(frozen=True, slots=True)
class Company:
    """The whole model, for the simulator and for whoever seeds a portal that matches it."""

    name: str
    slug: str
    domain: str
    timezone: str
    currency: str
    divisions: tuple[Division, ...]
    teams: tuple[Team, ...]
    people: tuple[Person, ...]
    capabilities: tuple[Capability, ...]
    projects: tuple[Project, ...]
    keys: tuple[Key, ...]
    workloads: tuple[Workload, ...]
    profiles: dict[str, Profile]
    events: tuple[Event, ...]
    unpriced_models: frozenset[str]

    def team(self, code: str) -> Team:
        return next(team for team in self.teams if team.code == code)

    def capability(self, slug: str) -> Capability:
        return next(item for item in self.capabilities if item.slug == slug)

    def keys_of(self, capability: str) -> tuple[Key, ...]:
        return tuple(key for key in self.keys if key.capability == capability)

    @property
    def unclaimed_keys(self) -> tuple[Key, ...]:
        """Keys that no capability owns: what an "unattributed" queue must show."""
        return tuple(key for key in self.keys if key.capability is None)
