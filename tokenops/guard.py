"""Web, worker and beat refuse to start as a database role that sees every organization."""

from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from apps.tenancy.checks import role_problem


def refuse_unsafe_role() -> None:
    """Raises ImproperlyConfigured for a superuser, an owner of tables or a BYPASSRLS role, and
    OperationalError when the database cannot be asked: a process that does not know must not serve.
    """
    problem = role_problem()
    connection.close()
    if problem:
        raise ImproperlyConfigured(f"{problem}. DATABASE_URL must name tokenops_app.")
