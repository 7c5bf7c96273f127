"""The three database roles and the database they share. Run as a superuser; safe to repeat.

| role | may | used by |
|---|---|---|
| tokenops_owner | owns every table, BYPASSRLS, CREATEDB | migrations, backup, partitions |
| tokenops_app | what the migrations grant, row level security applies | web, worker, beat |
| tokenops_doors | BYPASSRLS, cannot log in | owner of the SECURITY DEFINER functions |
"""

from dataclasses import dataclass

import psycopg
from psycopg import sql

OWNER = "tokenops_owner"
APP = "tokenops_app"
DOORS = "tokenops_doors"
DATABASE = "tokenops"
MINIMUM_VERSION = 180000

ROLE_ATTRIBUTES = {
    OWNER: "LOGIN NOSUPERUSER BYPASSRLS CREATEDB NOCREATEROLE INHERIT",
    APP: "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE INHERIT",
    DOORS: "NOLOGIN NOSUPERUSER BYPASSRLS NOCREATEDB NOCREATEROLE INHERIT",
}
APP_LIMITS = {
    "statement_timeout": "15s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "30s",
    "transaction_timeout": "60s",
}


class BootstrapRefused(RuntimeError):
    """The server or the role given cannot hold TokenOps; the message says why."""


@dataclass(frozen=True)
class Passwords:
    """Passwords to set; empty leaves a role's password as it is."""

    owner: str = ""
    app: str = ""


def bootstrap(
    superuser_url: str, *, database: str = DATABASE, passwords: Passwords | None = None
) -> None:
    """Create or correct roles, database and their rights.

    Raises BootstrapRefused for a server before PostgreSQL 18 or a role that is not a superuser, and
    psycopg.Error when the server cannot be reached.
    """
    passwords = passwords or Passwords()
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        _refuse_unfit(connection)
        for role, attributes in ROLE_ATTRIBUTES.items():
            _ensure_role(connection, role, attributes)
        _set_password(connection, OWNER, passwords.owner)
        _set_password(connection, APP, passwords.app)
        _limit_app(connection)
        _allow_owner_to_act(connection)
        _ensure_database(connection, database)
    with psycopg.connect(superuser_url, dbname=database, autocommit=True) as connection:
        _guard_public_schema(connection)


def _refuse_unfit(connection: psycopg.Connection) -> None:
    if connection.info.server_version < MINIMUM_VERSION:
        found = connection.info.server_version // 10000
        raise BootstrapRefused(f"TokenOps needs PostgreSQL 18 or newer; this server is {found}.")
    rights = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    if rights.fetchone() != (True,):
        raise BootstrapRefused("Connect as a superuser: only a superuser may grant BYPASSRLS.")


def _ensure_role(connection: psycopg.Connection, role: str, attributes: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = sql.SQL("ALTER ROLE {} ") if known else sql.SQL("CREATE ROLE {} ")
    connection.execute(sql.Composed([verb.format(sql.Identifier(role)), sql.SQL(attributes)]))


def _set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    if password:
        connection.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
        )


def _limit_app(connection: psycopg.Connection) -> None:
    """Limits a login of the app role starts with; workers raise them per queue where they must."""
    for name, value in APP_LIMITS.items():
        connection.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(
                sql.Identifier(APP), sql.Identifier(name), sql.Literal(value)
            )
        )


def _allow_owner_to_act(connection: psycopg.Connection) -> None:
    """The owner may become app (tests) and give functions to doors; it inherits neither."""
    for role in (APP, DOORS):
        connection.execute(
            sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE, ADMIN FALSE").format(
                sql.Identifier(role), sql.Identifier(OWNER)
            )
        )


def _ensure_database(connection: psycopg.Connection, database: str) -> None:
    name, owner, app = sql.Identifier(database), sql.Identifier(OWNER), sql.Identifier(APP)
    if not connection.execute(
        "SELECT 1 FROM pg_database WHERE datname = %s", [database]
    ).fetchone():
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
                name, owner
            )
        )
    connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, owner))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    connection.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(name, app))


def _guard_public_schema(connection: psycopg.Connection) -> None:
    connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    connection.execute(
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}, {}").format(
            sql.Identifier(APP), sql.Identifier(DOORS)
        )
    )
    connection.execute(
        sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(sql.Identifier(OWNER))
    )
