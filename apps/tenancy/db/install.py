"""What `migrate` does before and after the migrations, as the owner role."""

from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from apps.tenancy.db import roles
from apps.tenancy.db.functions import CURRENT_ORG_SQL
from apps.tenancy.platform import PLATFORM_TABLES, grant_sql


def before_migrate(using: str) -> None:
    """Refuse a role that row level security would blind; create `tenancy.current_org()`.

    Under FORCE an owner without BYPASSRLS validates foreign keys over zero rows, runs data
    migrations over nothing and dumps empty backups, all without an error.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper OR rolbypassrls FROM pg_roles "
            "WHERE rolname = current_user"
        )
        name, bypasses = cursor.fetchone()
        if not bypasses:
            raise ImproperlyConfigured(
                f"migrate runs as the owner role ({roles.OWNER}, BYPASSRLS), not as {name}: "
                "set TOKENOPS_DB_ROLE=owner and DATABASE_OWNER_URL"
            )
        cursor.execute("SELECT to_regprocedure('tenancy.current_org()') IS NULL")
        if cursor.fetchone()[0]:
            cursor.execute(CURRENT_ORG_SQL)


def after_migrate(using: str) -> None:
    """Grant the platform tables that exist; partitions and others are never granted."""
    with connections[using].cursor() as cursor:
        for table in PLATFORM_TABLES:
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f'public."{table.name}"'])
            if cursor.fetchone()[0]:
                cursor.execute(grant_sql(table, roles.APP))
