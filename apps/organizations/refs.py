"""How organizations' objects name themselves in the trail."""

from apps.organizations.models import (
    ApiKey,
    Invitation,
    Membership,
    Organization,
    SupportVisit,
    Unit,
)
from apps.trail.refs import ObjectRef


def organization_ref(organization: Organization) -> ObjectRef:
    return ObjectRef("organization", organization.id, organization.name)


def unit_ref(unit: Unit) -> ObjectRef:
    return ObjectRef("unit", unit.id, unit.name)


def person_ref(membership: Membership) -> ObjectRef:
    return ObjectRef("person", membership.id, membership.user.display_name)


def invitation_ref(invitation: Invitation) -> ObjectRef:
    return ObjectRef("invitation", invitation.id, invitation.email)


def key_ref(key: ApiKey) -> ObjectRef:
    return ObjectRef("apikey", key.id, str(key))


def visit_ref(visit: SupportVisit) -> ObjectRef:
    return ObjectRef("support_visit", visit.id, visit.user.display_name)
