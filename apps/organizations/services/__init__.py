"""Writes of organizations. Each asks for a permission and leaves a trail event."""

from apps.organizations.services.api_keys import (
    create_api_key,
    record_use,
    revoke_api_key,
    rotate_api_key,
)
from apps.organizations.services.first_run import set_up_installation
from apps.organizations.services.invitations import (
    accept_as_new_person,
    accept_invitation,
    invitation_link_token,
    invite_person,
    open_offer,
    resend_invitation,
    revoke_invitation,
)
from apps.organizations.services.organization import change_organization, create_organization
from apps.organizations.services.people import (
    add_member,
    bind_role,
    restore_person,
    suspend_person,
    unbind_role,
)
from apps.organizations.services.support import end_visit, enter_as_support
from apps.organizations.services.units import (
    add_unit,
    change_unit,
    move_unit,
    restore_unit,
    retire_unit,
)

__all__ = [
    "accept_as_new_person",
    "accept_invitation",
    "add_member",
    "add_unit",
    "bind_role",
    "change_organization",
    "change_unit",
    "create_api_key",
    "create_organization",
    "end_visit",
    "enter_as_support",
    "invitation_link_token",
    "invite_person",
    "move_unit",
    "open_offer",
    "record_use",
    "resend_invitation",
    "restore_person",
    "restore_unit",
    "retire_unit",
    "revoke_api_key",
    "revoke_invitation",
    "rotate_api_key",
    "set_up_installation",
    "suspend_person",
    "unbind_role",
]
