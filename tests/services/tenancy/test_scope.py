"""The scope, and the two nets under it, seen from the app role."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.common.ids import uuid7
from apps.organizations.models import Organization, Unit
from apps.tenancy.errors import ScopeError, TenantScopeRequired
from apps.tenancy.scope import current_organization_id, tenant_scope
from tests.conftest import as_owner

pytestmark = pytest.mark.django_db


def setting():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.organization_id', true)")
        return cursor.fetchone()[0] or ""


def raw_units():
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM organizations_unit ORDER BY name")
        return [row[0] for row in cursor.fetchall()]


@pytest.fixture
def two():
    """Two organizations with one unit each: (id of a, id of b, unit of a, unit of b)."""
    made = []
    for slug in ("aa", "bb"):
        organization_id = uuid7()
        with tenant_scope(organization_id):
            Organization.objects.create(
                id=organization_id, name=slug, slug=f"{slug}-{organization_id.hex[:6]}"
            )
            unit = Unit.objects.create(name=f"root {slug}", code="root")
        made.append((organization_id, unit))
    return made[0][0], made[1][0], made[0][1], made[1][1]


def test_without_a_scope_python_raises_and_the_database_is_empty(two):
    with pytest.raises(TenantScopeRequired):
        Unit.objects.count()
    with pytest.raises(TenantScopeRequired):
        Unit(name="x", code="x")
    assert raw_units() == []


def test_a_scope_shows_one_organization_only(two):
    a, b, unit_a, unit_b = two
    with tenant_scope(a):
        assert list(Unit.objects.all()) == [unit_a]
        assert raw_units() == ["root aa"]
        assert [o.id for o in Organization.objects.all()] == [a]
        assert not Unit.objects.filter(id=unit_b.id).exists()
    with tenant_scope(b):
        assert raw_units() == ["root bb"]


def test_the_setting_ends_with_the_scope(two):
    a, *_ = two
    with tenant_scope(a):
        assert setting() == str(a)
        assert current_organization_id() == a
        with tenant_scope(a):
            assert setting() == str(a)
        assert setting() == str(a)
    assert setting() == ""
    assert current_organization_id() is None


def test_the_setting_ends_with_a_scope_that_fails(two):
    a, *_ = two
    with pytest.raises(ZeroDivisionError), tenant_scope(a):
        _ = 1 / 0
    assert setting() == ""
    assert current_organization_id() is None


def test_another_organization_inside_is_refused(two):
    a, b, *_ = two
    with tenant_scope(a):
        with pytest.raises(ScopeError), tenant_scope(b):
            pytest.fail("entered")
        assert setting() == str(a)


def test_rows_of_another_organization_cannot_be_written(two):
    a, b, unit_a, unit_b = two
    with tenant_scope(a), connection.cursor() as cursor:
        cursor.execute("UPDATE organizations_unit SET name = 'taken' WHERE id = %s", [unit_b.id])
        assert cursor.rowcount == 0
        cursor.execute("DELETE FROM organizations_unit WHERE id = %s", [unit_b.id])
        assert cursor.rowcount == 0
    for statement in (
        "INSERT INTO organizations_unit (id, organization_id, name, code, kind, cost_centre,"
        " is_active, created_at) VALUES (gen_random_uuid(), %s, 'x', 'x', 'team', '', true, now())",
        "UPDATE organizations_unit SET organization_id = %s",
    ):
        with (
            pytest.raises(DatabaseError, match="row-level security"),
            tenant_scope(a),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, [b])
    with tenant_scope(b):
        assert raw_units() == ["root bb"]


def test_a_link_across_organizations_is_refused_by_the_database(two):
    a, _, unit_a, unit_b = two
    with pytest.raises(IntegrityError, match="tenant_fk"), transaction.atomic(), tenant_scope(a):
        Unit.objects.filter(id=unit_a.id).update(parent_id=unit_b.id)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    "statement",
    ["TRUNCATE organizations_unit", "ALTER TABLE organizations_unit DISABLE TRIGGER ALL"],
)
def test_the_app_role_cannot_go_round(two, statement):
    with (
        pytest.raises(DatabaseError),
        tenant_scope(two[0]),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_owner_sees_everything_so_migrations_are_not_blind(two):
    with as_owner():
        assert len(raw_units()) >= 2
