"""Roles and database, on the tests' own server."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from tokenops.run.__main__ import main
from tokenops.run.bootstrap import APP, DOORS, OWNER, BootstrapRefused, bootstrap
from tokenops.run.testing import Services, ensure_services

DATABASE = f"bootstrap_probe_{os.getpid()}"


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    services = ensure_services()
    bootstrap(services.superuser_url, database=DATABASE)
    yield services
    with psycopg.connect(services.superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(DATABASE)))


def ask(url: str, question: str, *values: object) -> list[tuple]:
    with psycopg.connect(url, dbname=DATABASE, autocommit=True) as connection:
        return connection.execute(question, values).fetchall()


def test_the_roles_are_what_isolation_rests_on(services: Services) -> None:
    found = ask(
        services.superuser_url,
        """SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole
           FROM pg_roles WHERE rolname IN (%s, %s, %s) ORDER BY rolname""",
        OWNER, APP, DOORS,
    )  # fmt: skip
    assert found == [
        ("tokenops_app", True, False, False, False, False),
        ("tokenops_doors", False, False, True, False, False),
        ("tokenops_owner", True, False, True, True, False),
    ]


def test_repeating_changes_nothing_and_repairs_what_was_loosened(services: Services) -> None:
    with psycopg.connect(services.superuser_url, dbname=DATABASE, autocommit=True) as connection:
        connection.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    bootstrap(services.superuser_url, database=DATABASE)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(services.app_url, "CREATE TABLE probe (n int)")


def test_the_app_role_has_temporary_tables_and_limits(services: Services) -> None:
    with psycopg.connect(services.app_url, dbname=DATABASE) as connection:
        connection.execute("CREATE TEMP TABLE probe (n int)")
        shown = [
            connection.execute(f"SHOW {name}").fetchone()[0]
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        ]
    assert shown == ["15s", "3s", "30s"]


def test_the_app_role_becomes_nobody_else(services: Services) -> None:
    for role in (OWNER, DOORS):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(services.app_url, f"SET ROLE {role}")


def test_the_owner_may_act_as_the_others_but_inherits_neither(services: Services) -> None:
    found = ask(
        services.superuser_url,
        """SELECT roleid::regrole::text, inherit_option, set_option, admin_option
           FROM pg_auth_members WHERE member = %s::regrole ORDER BY 1""",
        OWNER,
    )
    assert found == [(APP, False, True, False), (DOORS, False, True, False)]
    assert ask(services.superuser_url, "SELECT datdba::regrole::text FROM pg_database "
               "WHERE datname = %s", DATABASE) == [(OWNER,)]  # fmt: skip


def test_other_roles_cannot_even_connect(services: Services) -> None:
    granted = ask(
        services.superuser_url,
        "SELECT has_database_privilege('public', %s, 'CONNECT')", DATABASE,
    )  # fmt: skip
    assert granted == [(False,)]


def test_only_a_superuser_may_bootstrap(services: Services) -> None:
    with pytest.raises(BootstrapRefused, match="Connect as a superuser"):
        bootstrap(services.owner_url, database=DATABASE)


def test_the_command_takes_names_and_passwords_from_the_addresses(
    services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SUPERUSER_URL", services.superuser_url)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://tokenops_app:p%40ss@db.example/{DATABASE}")
    monkeypatch.setenv("DATABASE_OWNER_URL", f"postgresql://tokenops_owner@db.example/{DATABASE}")
    assert main(["bootstrap"]) == 0
    assert capsys.readouterr().out == f"Roles and database {DATABASE} are ready.\n"
    with_password = "SELECT rolname FROM pg_authid WHERE rolpassword IS NOT NULL ORDER BY 1"
    assert (APP,) in ask(services.superuser_url, with_password)


def test_the_command_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SUPERUSER_URL", raising=False)
    assert main(["bootstrap"]) == 1
    told = capsys.readouterr().err
    assert told == "Give --superuser-url, or set SUPERUSER_URL (or SUPERUSER_URL_FILE).\n"


def test_the_command_reports_an_unreachable_server(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bootstrap", "--superuser-url", "postgresql://postgres@127.0.0.1:1/postgres"]) == 1
    assert capsys.readouterr().err.startswith("PostgreSQL refused: ")
