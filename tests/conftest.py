"""Every test runs as the app role: the owner only creates and migrates the test database."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.test import TransactionTestCase

from apps.tenancy.db import roles
from tests import database
from tests.world import World

#: Started first, in this order: what takes minutes must not begin when the other worker is done.
LONGEST = ("tests/browser/test_pages.py", "tests/stack/", "tests/browser/", "tests/concurrency/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        found = (n for n, part in enumerate(LONGEST) if part in item.path.as_posix())
        return next(found, len(LONGEST))

    items.sort(key=place)


@contextmanager
def as_owner() -> Iterator[None]:
    """Act as the owner role for a moment: seed foreign rows, read the catalogue."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    try:
        yield
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute(f"SET ROLE {roles.APP}")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    database.use_template()


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: pytest.FixtureRequest
) -> Iterator[None]:
    """After migrating, every connection of the run becomes the app role."""
    connection.settings_dict["OPTIONS"]["assume_role"] = roles.APP
    with django_db_blocker.unblock():
        connection.close()
        database.keep_template()
    yield
    del connection.settings_dict["OPTIONS"]["assume_role"]
    with django_db_blocker.unblock():
        connection.close()


TransactionTestCase._fixture_teardown = lambda _: database.empty()


@pytest.fixture
def world(db: None) -> World:
    """Two organizations with a persona for every role in each (tests/world.py)."""
    return World()
