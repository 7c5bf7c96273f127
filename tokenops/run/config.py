"""What a start needs to know: where state lives, which services are embedded, keys, environment.

Everything given in the environment wins; what is missing is made up once and kept in the state
directory, readable by its owner alone.
"""

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from tokenops.run.bootstrap import APP, DATABASE, OWNER
from tokenops.run.errors import RunError
from tokenops.run.files import private_directory, socket_directory, write_atomically
from tokenops.run.ports import chosen_port, first_free_port, is_free
from tokenops.run.postgres import SOCKET_NAME, EmbeddedPostgres
from tokenops.run.valkey import HOST as VALKEY_HOST
from tokenops.run.valkey import EmbeddedValkey, free_port

REPOSITORY = Path(__file__).resolve().parents[2]
DEFAULT_PORT = 8000
SIMULATOR_PORT = 8700


@dataclass(frozen=True)
class State:
    """The state directory (`var/` unless TOKENOPS_STATE_DIR says otherwise)."""

    root: Path

    @classmethod
    def from_environment(cls) -> "State":
        return cls(Path(os.environ.get("TOKENOPS_STATE_DIR") or REPOSITORY / "var").resolve())

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def logs(self) -> Path:
        return self.root / "log"

    @property
    def lock(self) -> Path:
        return self.run / "supervisor.lock"

    @property
    def children(self) -> Path:
        return self.run / "children.json"

    @property
    def status(self) -> Path:
        return self.run / "status.json"

    @property
    def steps(self) -> Path:
        return self.run / "steps.json"

    @property
    def keys(self) -> Path:
        return self.root / "keys.json"

    @property
    def logins(self) -> Path:
        return self.root / "demo-logins.json"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def prepare(self) -> None:
        """Make the directories. RunError when the state directory cannot be written."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            for directory in (self.run, self.logs):
                private_directory(directory)
        except OSError as error:
            message = f"Cannot write {self.root}: {error.strerror}. Set TOKENOPS_STATE_DIR=DIR."
            raise RunError(message) from error


@dataclass(frozen=True)
class Keys:
    """Secrets made at the first start."""

    secret_key: str
    field_key: str
    valkey_password: str
    valkey_port: int

    @classmethod
    def load(cls, path: Path) -> "Keys":
        """Read the keys, or make them. They are never replaced: sessions and credentials depend on
        them. RunError when the file cannot be understood."""
        if path.exists():
            try:
                return cls(**json.loads(path.read_text(encoding="utf-8")))
            except (ValueError, TypeError) as error:
                message = (
                    f"{path} is damaged. Restore it from a backup: without its keys the stored "
                    "provider credentials cannot be read. To start anew, move its directory away."
                )
                raise RunError(message) from error
        keys = cls(
            secret_key=secrets.token_urlsafe(48),
            field_key=Fernet.generate_key().decode("ascii"),
            valkey_password=secrets.token_urlsafe(24),
            valkey_port=free_port(),
        )
        keys.save(path)
        return keys

    def save(self, path: Path) -> None:
        write_atomically(path, json.dumps(self.__dict__, indent=1))


@dataclass(frozen=True)
class Options:
    """What the person asked for."""

    demo: bool
    port: int | None
    host: str

    @classmethod
    def from_environment(cls, *, demo: bool, port: int | None = None) -> "Options":
        asked = os.environ.get("TOKENOPS_PORT", "")
        if port is None and asked:
            if not asked.isdigit() or not 0 < int(asked) < 65536:
                raise RunError(f"TOKENOPS_PORT={asked} is no port: give a number from 1 to 65535.")
            port = int(asked)
        return cls(demo=demo, port=port, host=os.environ.get("TOKENOPS_HOST") or "127.0.0.1")


@dataclass(frozen=True)
class Site:
    """One resolved start: services, ports and the environment of each process."""

    state: State
    options: Options
    port: int
    simulator_port: int
    postgres: EmbeddedPostgres | None
    valkey: EmbeddedValkey | None
    environment: dict[str, str]
    owner_environment: dict[str, str]
    notes: tuple[str, ...]

    @property
    def address(self) -> str:
        return self.environment["BASE_URL"]


def resolve(state: State, options: Options) -> Site:
    """Decide everything before anything is started. RunError says what to change."""
    keys = Keys.load(state.keys)
    notes: list[str] = []
    postgres = _postgres(state)
    valkey = _valkey(state, keys)
    port = _web_port(options, notes)
    simulator = _simulator_port() if options.demo else SIMULATOR_PORT
    environment = _environment(state, keys, options, port)
    if postgres is not None:
        environment["DATABASE_URL"] = postgres.url(user=APP, database=DATABASE)
        owner = postgres.url(user=OWNER, database=DATABASE)
    else:
        owner = environment.pop("DATABASE_OWNER_URL")
    if valkey is not None:
        environment.setdefault("CELERY_BROKER_URL", valkey.url(0))
        environment.setdefault("CACHE_URL", valkey.url(1))
    if options.demo:
        environment["TOKENOPS_SIMULATOR_URL"] = f"http://127.0.0.1:{simulator}"
        environment["CONNECTOR_ALLOWED_HOSTS"] = ",".join(
            filter(None, [environment.get("CONNECTOR_ALLOWED_HOSTS"), f"127.0.0.1:{simulator}"])
        )
    owner_environment = environment | {"TOKENOPS_DB_ROLE": "owner", "DATABASE_OWNER_URL": owner}
    return Site(
        state=state, options=options, port=port, simulator_port=simulator,
        postgres=postgres, valkey=valkey,
        environment=environment, owner_environment=owner_environment, notes=tuple(notes),
    )  # fmt: skip


def _postgres(state: State) -> EmbeddedPostgres | None:
    app, owner = os.environ.get("DATABASE_URL"), os.environ.get("DATABASE_OWNER_URL")
    if app and owner:
        return None
    if app or owner:
        missing = "DATABASE_OWNER_URL" if app else "DATABASE_URL"
        message = (
            f"{missing} is not set. An external PostgreSQL needs both: DATABASE_URL (role {APP}) "
            f"for the processes and DATABASE_OWNER_URL (role {OWNER}) for migrations."
        )
        raise RunError(message)
    sockets = socket_directory(state.root / "sockets", longest_name=SOCKET_NAME)
    return EmbeddedPostgres(data=state.root / "pg", sockets=sockets, log=state.log("postgres"))


def _valkey(state: State, keys: Keys) -> EmbeddedValkey | None:
    if os.environ.get("CELERY_BROKER_URL") and os.environ.get("CACHE_URL"):
        return None
    port = keys.valkey_port
    if not is_free(VALKEY_HOST, port):
        port = free_port()
        Keys(**(keys.__dict__ | {"valkey_port": port})).save(state.keys)
    return EmbeddedValkey(
        directory=state.root / "valkey",
        port=port,
        password=keys.valkey_password,
        log=state.log("valkey"),
    )


def _web_port(options: Options, notes: list[str]) -> int:
    if options.port is not None:
        return chosen_port(options.host, options.port, variable="TOKENOPS_PORT")
    port = first_free_port(options.host, DEFAULT_PORT, variable="TOKENOPS_PORT")
    if port != DEFAULT_PORT:
        notes.append(
            f"Port {DEFAULT_PORT} is in use, so this start takes {port}. "
            "To choose one yourself: TOKENOPS_PORT=PORT."
        )
    return port


def _simulator_port() -> int:
    variable = "TOKENOPS_SIMULATOR_PORT"
    asked = os.environ.get(variable, "")
    if asked.isdigit():
        return chosen_port("127.0.0.1", int(asked), variable=variable)
    return first_free_port("127.0.0.1", SIMULATOR_PORT, variable=variable)


def _environment(state: State, keys: Keys, options: Options, port: int) -> dict[str, str]:
    shown = "127.0.0.1" if options.host in {"0.0.0.0", "::"} else options.host  # noqa: S104 - compared
    host = f"[{shown}]" if ":" in shown else shown
    defaults = {
        "SECRET_KEY": keys.secret_key,
        "FIELD_KEYS": keys.field_key,
        "ALLOWED_HOSTS": ",".join(dict.fromkeys([shown, "127.0.0.1", "localhost"])),
        "BASE_URL": f"http://{host}:{port}",
        "EMAIL_URL": f"filemail:///{state.root / 'mail'}",
        "DEBUG": "false",
        "LOG_FORMAT": "console",
    }
    environment = {name: value for name, value in defaults.items() if not _given(name)}
    fixed = {
        "TOKENOPS_STATE_DIR": str(state.root),
        "DJANGO_SETTINGS_MODULE": "tokenops.settings",
        "PYTHONUNBUFFERED": "1",
    }
    return {**os.environ, **environment, **fixed}


def _given(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))
