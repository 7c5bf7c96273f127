import json
from pathlib import Path

import pytest

from tokenops.run import steps
from tokenops.run.config import Options, Site, State, resolve
from tokenops.run.console import Console
from tokenops.run.errors import RunError, StopRequested

from .test_config import GIVEN


class Silent(Console):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str = "") -> None:
        self.lines.append(text)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    for name in GIVEN.split():
        monkeypatch.delenv(name, raising=False)
    state = State(tmp_path / "var")
    state.prepare()
    return resolve(state, Options(demo=False, port=None, host="127.0.0.1"))


def step(arguments: tuple[str, ...], fingerprint: str = "one") -> steps.Step:
    return steps.Step(key="sample", label="sample", arguments=arguments, fingerprint=fingerprint)


@pytest.fixture(autouse=True)
def small_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository whose manage.py knows one command."""
    (tmp_path / "manage.py").write_text("import sys; sys.exit(sys.argv[1:] != ['version'])")
    monkeypatch.setattr(steps, "REPOSITORY", tmp_path)
    monkeypatch.setattr(steps, "LONG_SECONDS", 600.0)
    monkeypatch.setattr(steps, "current_fingerprint", lambda _site, done: done.fingerprint)


def test_a_long_step_says_that_it_works(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "LONG_SECONDS", 0.0)
    assert run(site, step(("version",)))[0] == "  sample: working ..."


def test_a_running_step_is_made_known(site: Site) -> None:
    told: list[int | None] = []
    steps.run_steps(site, [step(("version",))], Silent(), steps.Watcher(running=told.append))
    assert told[0] is not None
    assert told[1] is None


def run(site: Site, todo: steps.Step, *, stopping=lambda: False) -> list[str]:
    console = Silent()
    steps.run_steps(site, [todo], console, steps.Watcher(stopping=stopping))
    return console.lines


def test_a_step_runs_once_per_fingerprint(site: Site) -> None:
    assert len(run(site, step(("version",)))) == 1
    assert run(site, step(("version",))) == []
    assert len(run(site, step(("version",), fingerprint="two"))) == 1


def test_a_failed_step_says_why_and_runs_again(site: Site) -> None:
    with pytest.raises(RunError, match=r"sample failed\. The end of .*step-sample\.log"):
        run(site, step(("no-such-command",)))
    assert not site.state.steps.exists()


def test_a_stop_ends_the_running_step(site: Site) -> None:
    with pytest.raises(StopRequested):
        run(site, step(("version",)), stopping=lambda: True)
    assert not site.state.steps.exists()


def test_a_damaged_memory_of_steps_repeats_them(site: Site) -> None:
    site.state.steps.write_text("{")
    assert len(run(site, step(("version",)))) == 1
    assert json.loads(site.state.steps.read_text()) == {"sample": "one"}


def test_schema_steps_run_as_the_owner_and_files_as_the_app(site: Site) -> None:
    owners = {found.key: found.as_owner for found in steps.schema_steps(site)}
    assert owners == {"migrate": True, "prices": True, "static": False}


def test_a_new_cluster_repeats_the_database_steps(site: Site) -> None:
    before = {found.key: found.fingerprint for found in steps.schema_steps(site)}
    site.postgres.data.mkdir(parents=True)
    (site.postgres.data / "PG_VERSION").write_text("18\n")
    after = {found.key: found.fingerprint for found in steps.schema_steps(site)}
    changed = {key for key in before if before[key] != after[key]}
    assert changed == {"migrate", "prices"}


@pytest.mark.parametrize("app", ["books", "books/rates"])
def test_a_new_migration_is_run_also_of_an_app_inside_an_app(
    site: Site, tmp_path: Path, app: str
) -> None:
    before = {found.key: found.fingerprint for found in steps.schema_steps(site)}
    migrations = tmp_path / "apps" / app / "migrations"
    migrations.mkdir(parents=True)
    (migrations / "0002_more.py").write_text("operations = []")
    after = {found.key: found.fingerprint for found in steps.schema_steps(site)}
    assert [key for key in after if after[key] != before[key]] == ["migrate"]
