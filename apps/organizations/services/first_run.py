"""The first organization of an empty installation, created from the browser."""

from django.db import connection, transaction

from apps.accounts.models import User
from apps.accounts.services import create_person
from apps.common.errors import Conflict
from apps.organizations.models import Organization
from apps.organizations.services.organization import create_organization
from apps.tenancy import doors

_LOCK = "tokenops.first_run"


@transaction.atomic
def set_up_installation(
    *,
    organization_name: str,
    slug: str,
    currency: str,
    timezone: str,
    owner_name: str,
    email: str,
    password: str,
) -> tuple[Organization, User]:
    """Create the organization and its owner, who is also staff of the installation.

    Raises Conflict once any organization exists; of two that race, one does. Raises Invalid.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_LOCK])
    if doors.any_organization():
        raise Conflict("This installation is set up already.", code="already_set_up", fix="Log in.")
    owner = create_person(email=email, name=owner_name, password=password, is_staff=True)
    organization = create_organization(
        name=organization_name, slug=slug, owner_user=owner, currency=currency, timezone=timezone
    )
    return organization, owner
