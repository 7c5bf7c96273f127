"""Reads pg_catalog as the owner: every table, key, function and grant obeys docs/tenancy.md.

No model is imported, so a table that no model knows is judged too.
"""

import pytest
from django.db import connection, transaction

from apps.tenancy.db import roles
from apps.tenancy.doors import DOORS
from apps.tenancy.platform import PLATFORM_TABLES
from tests.conftest import as_owner

pytestmark = pytest.mark.django_db

PLATFORM = {table.name: set(table.grants) for table in PLATFORM_TABLES}
POLICY = "({column} = ( SELECT tenancy.current_org() AS current_org))"
GLOBAL_KEYS = {
    "organizations_organization_slug": "the slug is part of the address of the portal",
    "organizations_apikey_hash": "a key is looked up before its organization is known",
    "organizations_invitation_hash": "an invitation is looked up before its organization is known",
}
GENERATED = {"ledger_dimensionset"}

TABLES = """
SELECT c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relispartition,
  EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id'
          AND a.atttypid = 'uuid'::regtype AND a.attnotnull) AS has_org,
  (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a
     JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attrelid = c.oid AND a.attname = 'organization_id') AS org_default,
  ARRAY(SELECT format('%s|%s|%s|%s|%s', polname, polcmd, polroles::regrole[],
          pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
        FROM pg_policy p WHERE p.polrelid = c.oid) AS policies,
  ARRAY(SELECT DISTINCT x.privilege_type FROM aclexplode(c.relacl) x
        WHERE x.grantee = 'tokenops_app'::regrole) AS app_grants,
  ARRAY(SELECT DISTINCT x.privilege_type FROM aclexplode(c.relacl) x
        WHERE x.grantee = 0) AS public_grants,
  EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'append_only'
          AND t.tgenabled = 'O') AS append_only
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'tenancy')
ORDER BY c.relname
"""


def rows(sql: str) -> list[dict]:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(sql)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def offences() -> list[str]:
    """Every broken rule, in words that name the table and what to edit."""
    return [*table_offences(), *key_offences(), *view_offences(), *function_offences()]


def table_offences() -> list[str]:
    found = []
    for table in rows(TABLES):
        name = table["relname"]
        if set(table["app_grants"]) & {"TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"}:
            found.append(f"{name}: the app role has {table['app_grants']}")
        if table["public_grants"]:
            found.append(f"{name}: PUBLIC has {table['public_grants']}")
        if table["relispartition"]:
            if not table["relrowsecurity"] or table["policies"] or table["app_grants"]:
                found.append(f"{name}: a partition has RLS on, no policy and no grant")
        elif name in PLATFORM:
            if set(table["app_grants"]) != PLATFORM[name]:
                found.append(f"{name}: grants {table['app_grants']} differ from platform.py")
        else:
            found += tenant_offences(name, table)
    return found


def tenant_offences(name: str, table: dict) -> list[str]:
    root = name == "organizations_organization"
    column = "id" if root else "organization_id"
    found = []
    if not root and not table["has_org"]:
        return [f"{name}: neither a tenant table nor listed in apps/tenancy/platform.py"]
    if not (table["relrowsecurity"] and table["relforcerowsecurity"]):
        found.append(f"{name}: row level security is not enabled and forced")
    text = POLICY.format(column=column)
    if table["policies"] != [f"tenant|*|{{{roles.APP}}}|{text}|{text}"]:
        found.append(f"{name}: policies are {table['policies']}")
    if not root and table["org_default"] != "tenancy.current_org()":
        found.append(f"{name}: organization_id has default {table['org_default']}")
    if table["append_only"] and set(table["app_grants"]) != {"SELECT", "INSERT"}:
        found.append(f"{name}: append-only, but the app role has {table['app_grants']}")
    return found


def key_offences() -> list[str]:
    found = []
    for key in rows("""
        SELECT con.conname, con.conrelid::regclass::text AS child,
          con.confrelid::regclass::text AS parent,
          ARRAY(SELECT attname::text FROM pg_attribute a WHERE a.attrelid = con.conrelid
                AND a.attnum = ANY (con.conkey)) AS columns
        FROM pg_constraint con WHERE con.contype = 'f' AND con.conparentid = 0
          AND con.connamespace = 'public'::regnamespace"""):
        tenants = key["child"] not in PLATFORM and key["parent"] not in PLATFORM
        if tenants and "organization_id" not in key["columns"]:
            found.append(
                f"{key['conname']}: {key['child']} to {key['parent']} lacks the organization"
            )
    for index in rows("""
        SELECT i.indexrelid::regclass::text AS name, i.indrelid::regclass::text AS table,
          i.indisprimary, ARRAY(SELECT attname::text
            FROM unnest(i.indkey) WITH ORDINALITY k(n, o)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n
            ORDER BY o) AS columns,
          ARRAY(SELECT format_type(atttypid, NULL)
            FROM unnest(i.indkey) WITH ORDINALITY k(n, o)
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n ORDER BY o) AS types
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace
          AND NOT c.relispartition"""):
        if index["table"] in PLATFORM or index["name"] in GLOBAL_KEYS:
            continue
        if index["indisprimary"] and index["types"] == ["uuid"]:
            continue
        if index["indisprimary"] and index["table"] in GENERATED:
            continue
        if not index["columns"] or index["columns"][0] != "organization_id":
            found.append(
                f"{index['name']}: unique over {index['columns']} without the organization"
            )
    found += [
        f"{table['relname']}: no index starts with organization_id"
        for table in rows("""
        SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
          AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'organizations_organization'
          AND NOT EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid
            AND a.attnum = i.indkey[0] WHERE i.indrelid = c.oid
            AND a.attname = 'organization_id')""")
        if table["relname"] not in PLATFORM
    ]
    return found


def view_offences() -> list[str]:
    return [
        f"{view['relname']}: a view must be security_invoker, and matviews are refused"
        for view in rows("""
            SELECT relname, relkind, reloptions FROM pg_class
            WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace""")
        if view["relkind"] == "m" or "security_invoker=true" not in (view["reloptions"] or [])
    ]


def function_offences() -> list[str]:
    found, seen = [], set()
    for function in rows("""
        SELECT p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS full_name,
          p.proname || '(' || COALESCE((SELECT string_agg(format_type(t, NULL), ', ' ORDER BY o)
             FROM unnest(p.proargtypes) WITH ORDINALITY x(t, o)), '') || ')' AS signature,
          p.proconfig, p.proacl::text AS acl, p.prosecdef
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('public', 'tenancy') AND p.prosecdef"""):
        seen.add(function["signature"])
        if function["signature"] not in DOORS:
            found.append(f"{function['signature']}: SECURITY DEFINER but not in doors.DOORS")
        config = function["proconfig"] or []
        if not any(c.startswith("search_path=pg_catalog") for c in config):
            found.append(f"{function['signature']}: search_path is not pinned")
        if function["acl"] is None or "{=X" in function["acl"] or ",=X" in function["acl"]:
            found.append(f"{function['signature']}: PUBLIC may execute it")
    return found + [f"{name}: listed in doors.DOORS but missing" for name in set(DOORS) - seen]


def test_every_table_key_view_and_function_obeys_the_rules():
    assert offences() == []


def test_roles():
    (app,) = rows(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, "
        "(SELECT count(*) FROM pg_auth_members WHERE member = r.oid) AS memberships, "
        "(SELECT count(*) FROM pg_class WHERE relowner = r.oid) AS owned "
        f"FROM pg_roles r WHERE rolname = '{roles.APP}'"
    )
    assert app == {
        "rolsuper": False,
        "rolbypassrls": False,
        "rolcreaterole": False,
        "rolcreatedb": False,
        "rolreplication": False,
        "memberships": 0,
        "owned": 0,
    }
    (owner,) = rows(f"SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = '{roles.OWNER}'")
    assert owner == {"rolsuper": False, "rolbypassrls": True}
    (doors,) = rows(
        f"SELECT rolcanlogin, rolbypassrls FROM pg_roles WHERE rolname = '{roles.DOORS}'"
    )
    assert doors == {"rolcanlogin": False, "rolbypassrls": True}


PLANTED = {
    "a table without its rules": (
        "CREATE TABLE forgot (id uuid PRIMARY KEY)",
        "forgot: neither a tenant table nor listed in apps/tenancy/platform.py",
    ),
    "a grant on a partition's like": (
        "CREATE TABLE loose (organization_id uuid NOT NULL DEFAULT tenancy.current_org())",
        "loose: row level security is not enabled and forced",
    ),
    "a view that runs as its owner": (
        "CREATE VIEW peek AS SELECT * FROM organizations_organization",
        "peek: a view must be security_invoker, and matviews are refused",
    ),
    "a unique key that leaks existence": (
        "CREATE UNIQUE INDEX leak ON organizations_unit (name)",
        "leak: unique over ['name'] without the organization",
    ),
    "a one-column key between tenants": (
        "ALTER TABLE organizations_unit ADD CONSTRAINT across "
        "FOREIGN KEY (parent_id) REFERENCES organizations_unit (id)",
        "across: organizations_unit to organizations_unit lacks the organization",
    ),
    "a function with its owner's rights": (
        "CREATE FUNCTION tenancy.sneak() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
        "sneak(): SECURITY DEFINER but not in doors.DOORS",
    ),
    "a right to truncate": (
        f"GRANT TRUNCATE ON organizations_unit TO {roles.APP}",
        "organizations_unit: the app role has",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_mistake_is_found(name):
    sql, message = PLANTED[name]
    with transaction.atomic():
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(sql)
        assert any(offence.startswith(message) for offence in offences()), offences()
        transaction.set_rollback(True)
