"""Every tenant model, found by itself: another organization neither reads, changes nor links."""

import pytest
from django.db import DatabaseError, connection, transaction

from apps.tenancy.errors import TenantScopeRequired
from apps.tenancy.scope import tenant_scope
from tests.isolation.rows import TENANT_MODELS, row_of

pytestmark = pytest.mark.django_db
BY_LABEL = {model._meta.label: model for model in TENANT_MODELS}


@pytest.fixture
def foreign(world, request):
    """(model, its row in organization B): organization A is the one that looks."""
    model = BY_LABEL[request.param]
    world.a.organization, world.b.organization  # noqa: B018 -- both exist from here on
    with world.b.scope():
        return model, row_of(model)


def table(model):
    return f'"{model._meta.db_table}"'


def count(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]


@pytest.mark.parametrize("foreign", BY_LABEL, indirect=True)
def test_another_organization_sees_and_changes_nothing(world, foreign):
    model, row = foreign
    column = "id" if model._meta.label == "organizations.Organization" else "organization_id"
    with world.a.scope():
        assert not model._default_manager.filter(pk=row.pk).exists()
        assert not model._base_manager.filter(pk=row.pk).exists()
        seen = count(f"SELECT count(*) FROM {table(model)} WHERE {column} = %s", world.b.id)
        assert seen == 0
    granted = model.tenant_table.grants
    for verb, statement in (
        ("UPDATE", f"UPDATE {table(model)} SET {column} = {column} WHERE {column} = %s"),
        ("DELETE", f"DELETE FROM {table(model)} WHERE {column} = %s"),
    ):
        with world.a.scope(), transaction.atomic(), connection.cursor() as cursor:
            if verb in granted:
                cursor.execute(statement, [world.b.id])
                assert cursor.rowcount == 0
            else:
                with pytest.raises(DatabaseError, match=r"permission denied|append-only"):
                    cursor.execute(statement, [world.b.id])
                transaction.set_rollback(True)
    with world.b.scope():
        assert model._base_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize("foreign", BY_LABEL, indirect=True)
def test_a_row_cannot_be_written_for_another_organization(world, foreign):
    model, row = foreign
    if model._meta.label == "organizations.Organization":
        pytest.skip("an organization's id is its own scope; tests/services/tenancy covers it")
    columns = [f.column for f in model._meta.local_concrete_fields if not f.generated]
    listed = ", ".join(f'"{name}"' for name in columns)
    with tenant_scope(world.b.id), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE copied ON COMMIT DROP AS "
            f"SELECT {listed} FROM {table(model)} LIMIT 1"
        )
    with (
        pytest.raises(DatabaseError, match="row-level security"),
        world.a.scope(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"INSERT INTO {table(model)} ({listed}) SELECT {listed} FROM copied")


@pytest.mark.parametrize("label", BY_LABEL)
def test_without_a_scope_nothing_is_there(label, world):
    model = BY_LABEL[label]
    with pytest.raises(TenantScopeRequired):
        model._default_manager.all()
    assert count(f"SELECT count(*) FROM {table(model)}") == 0


def test_every_tenant_table_of_the_database_has_its_model():
    tables = {model._meta.db_table for model in TENANT_MODELS}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid "
            "WHERE c.relnamespace = 'public'::regnamespace"
        )
        assert {name for (name,) in cursor.fetchall()} == tables
