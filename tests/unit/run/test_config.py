import json
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from tokenops.run import config
from tokenops.run.config import Keys, Options, State, resolve
from tokenops.run.errors import RunError

GIVEN = (
    "DATABASE_URL DATABASE_OWNER_URL CELERY_BROKER_URL CACHE_URL SECRET_KEY FIELD_KEYS EMAIL_URL "
    "ALLOWED_HOSTS BASE_URL DEBUG CONNECTOR_ALLOWED_HOSTS TOKENOPS_PORT TOKENOPS_HOST "
    "TOKENOPS_SIMULATOR_PORT"
)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    for name in GIVEN.split():
        monkeypatch.delenv(name, raising=False)
    return State(tmp_path / "var")


def options(**changes) -> Options:
    return Options(**({"demo": False, "port": None, "host": "127.0.0.1"} | changes))


def test_a_first_start_makes_keys_and_later_starts_keep_them(state: State) -> None:
    first, second = resolve(state, options()), resolve(state, options())
    assert first.environment["SECRET_KEY"] == second.environment["SECRET_KEY"]
    assert len(first.environment["SECRET_KEY"]) >= 50
    Fernet(first.environment["FIELD_KEYS"])
    assert state.keys.stat().st_mode & 0o077 == 0


def test_damaged_keys_are_never_replaced(state: State) -> None:
    state.root.mkdir()
    state.keys.write_text('{"secret_key": ')
    with pytest.raises(RunError, match="Restore it from a backup"):
        Keys.load(state.keys)
    assert state.keys.read_text() == '{"secret_key": '


def test_only_the_owner_environment_knows_the_owner(state: State) -> None:
    site = resolve(state, options())
    assert "tokenops_app@" in site.environment["DATABASE_URL"]
    assert "DATABASE_OWNER_URL" not in site.environment
    assert "TOKENOPS_DB_ROLE" not in site.environment
    assert "tokenops_owner@" in site.owner_environment["DATABASE_OWNER_URL"]
    assert site.owner_environment["TOKENOPS_DB_ROLE"] == "owner"


def test_external_services_are_used_as_given(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "DATABASE_URL": "postgresql://tokenops_app:a@db.example/tokenops",
        "DATABASE_OWNER_URL": "postgresql://tokenops_owner:o@db.example/tokenops",
        "CELERY_BROKER_URL": "amqp://u:p@mq.example//",
        "CACHE_URL": "rediss://cache.example/0",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    site = resolve(state, options())
    assert site.postgres is None
    assert site.valkey is None
    assert site.environment["DATABASE_URL"] == given["DATABASE_URL"]
    assert site.environment["CELERY_BROKER_URL"] == given["CELERY_BROKER_URL"]
    assert "DATABASE_OWNER_URL" not in site.environment


def test_a_broker_without_a_cache_still_gets_the_embedded_valkey_as_cache(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "amqp://u:p@mq.example//")
    site = resolve(state, options())
    assert site.valkey is not None
    assert site.environment["CELERY_BROKER_URL"] == "amqp://u:p@mq.example//"
    assert site.environment["CACHE_URL"] == site.valkey.url(1)


@pytest.mark.parametrize(
    ("given", "missing"),
    [("DATABASE_URL", "DATABASE_OWNER_URL"), ("DATABASE_OWNER_URL", "DATABASE_URL")],
)
def test_half_an_external_database_is_refused(
    state: State, monkeypatch: pytest.MonkeyPatch, given: str, missing: str
) -> None:
    monkeypatch.setenv(given, "postgresql://x@db.example/tokenops")
    with pytest.raises(RunError, match=f"^{missing} is not set"):
        resolve(state, options())


def test_the_default_port_gives_way_and_says_so(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "first_free_port", lambda *_, **__: 8003)
    site = resolve(state, options())
    assert site.address == "http://127.0.0.1:8003"
    assert site.notes == (
        "Port 8000 is in use, so this start takes 8003. "
        "To choose one yourself: TOKENOPS_PORT=PORT.",
    )


@pytest.mark.parametrize("value", ["abc", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("TOKENOPS_PORT", value)
    with pytest.raises(RunError, match=f"TOKENOPS_PORT={value} is no port"):
        Options.from_environment(demo=False)


def test_only_the_demonstration_may_call_the_simulator(state: State) -> None:
    assert "CONNECTOR_ALLOWED_HOSTS" not in resolve(state, options()).environment
    demo = resolve(state, options(demo=True))
    where = f"127.0.0.1:{demo.simulator_port}"
    assert demo.environment["CONNECTOR_ALLOWED_HOSTS"] == where
    assert demo.environment["TOKENOPS_SIMULATOR_URL"] == f"http://{where}"


def test_keys_file_holds_nothing_but_keys(state: State) -> None:
    resolve(state, options())
    assert set(json.loads(state.keys.read_text())) == {
        "secret_key", "field_key", "valkey_password", "valkey_port",
    }  # fmt: skip
