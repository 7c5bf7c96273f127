"""Migrations run one at a time."""

import psycopg
import pytest
from django.core.management import get_commands
from django.db import connection

from apps.tenancy.management.commands.migrate import LOCK, alone

pytestmark = pytest.mark.django_db(transaction=True)
TAKEN = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"


def other() -> psycopg.Connection:
    parameters = connection.get_connection_params()
    wanted = {name: parameters[name] for name in ("dbname", "user", "host", "port", "password")
              if name in parameters}  # fmt: skip
    return psycopg.connect(**wanted, autocommit=True)


def test_the_command_is_the_one_with_the_lock() -> None:
    assert get_commands()["migrate"] == "apps.tenancy"


def test_a_second_migration_waits_for_the_first() -> None:
    first = other()
    assert first.execute(TAKEN, [LOCK]).fetchone() == (True,)
    waited: list[float] = []

    def first_ends(seconds: float) -> None:
        waited.append(seconds)
        first.close()

    with alone(connection, pause=first_ends), other() as third:
        assert waited
        assert third.execute(TAKEN, [LOCK]).fetchone() == (False,)


def test_a_migration_that_fails_lets_the_next_one_in() -> None:
    with pytest.raises(ZeroDivisionError), alone(connection):
        raise ZeroDivisionError
    with other() as next_one:
        assert next_one.execute(TAKEN, [LOCK]).fetchone() == (True,)
