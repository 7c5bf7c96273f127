"""The test database, made and emptied cheaply.

Made: migrating takes seconds of every run, so what it gave is kept as a template until something
it depends on changes. Django still migrates the copy, which finds nothing to do. Emptied: a test
that commits fills a few of some hundred tables; only those are cleared, without the foreign keys
and triggers in the way, where Django would truncate all of them and seed its catalogue again.
"""

import hashlib
import re
from pathlib import Path

import psycopg
from django.db import connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.settings import services
from tokenops.run.bootstrap import OWNER

REPOSITORY = Path(__file__).resolve().parents[1]
KEPT = ("django_migrations", "django_content_type", "auth_permission")
"""Filled by migrating, and the same for every test."""


def template() -> str:
    """The name of the template for what the migrations say now."""
    apps = REPOSITORY / "apps"
    files = {*apps.glob("**/migrations/*.py"), *(apps / "tenancy").rglob("*.py")}
    imported = {
        name for file in files for name in re.findall(r"\bapps(?:\.\w+)+", file.read_text("utf-8"))
    }
    for name in imported:
        parts = name.split(".")
        paths = (REPOSITORY.joinpath(*parts[:end]) for end in range(2, len(parts) + 1))
        files |= {path.with_suffix(".py") for path in paths if path.with_suffix(".py").is_file()}
    files |= {REPOSITORY / "requirements.txt", REPOSITORY / "tokenops" / "settings.py"}
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(str(file).encode() + b"\0" + file.read_bytes())
    return f"template_{digest.hexdigest()[:16]}"


def use_template() -> None:
    """Let Django copy the template, where there is one."""
    with _superuser("postgres") as server:
        if _templates(server, template()):
            connection.settings_dict["TEST"]["TEMPLATE"] = template()


def keep_template() -> None:
    """Keep the database just migrated as the template, in place of those of other migrations."""
    with _superuser("postgres") as server:
        if _templates(server, template()):
            return
        for name in _templates(server, r"template\_%"):
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY")
        names = (template(), connection.settings_dict["NAME"], OWNER)
        server.execute(copy.format(*map(sql.Identifier, names)))


def _templates(server: psycopg.Connection, pattern: str) -> list[str]:
    found = server.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", (pattern,))
    return [name for (name,) in found]


def empty() -> None:
    """Remove every committed row."""
    with _superuser(connection.settings_dict["NAME"]) as database:
        database.execute("SET session_replication_role = replica")
        tables = [
            sql.Identifier(schema, table)
            for schema, table in database.execute(
                "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n "
                "ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND c.relname <> ALL (%s) "
                "AND n.nspname !~ '^(pg_|information_schema)'",
                (list(KEPT),),
            )
        ]
        asked = sql.SQL(", ").join(
            sql.SQL("EXISTS (SELECT FROM {})").format(table) for table in tables
        )
        row = database.execute(sql.SQL("SELECT ") + asked).fetchone()
        for table, filled in zip(tables, row or (), strict=True):
            if filled:
                database.execute(sql.SQL("DELETE FROM {}").format(table))


def _superuser(database: str) -> psycopg.Connection:
    conninfo = make_conninfo(services.superuser_url, dbname=database)
    return psycopg.connect(conninfo, autocommit=True)
