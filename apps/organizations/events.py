"""What organizations write in the trail."""

from apps.trail.registry import register

ORGANIZATION_CREATED = register("organization.created", "Organization created")
ORGANIZATION_CHANGED = register("organization.changed", "Organization settings changed")

UNIT_ADDED = register("unit.added", "Unit added")
UNIT_CHANGED = register("unit.changed", "Unit changed")
UNIT_MOVED = register("unit.moved", "Unit moved")
UNIT_RETIRED = register("unit.retired", "Unit retired")
UNIT_RESTORED = register("unit.restored", "Unit restored")

PERSON_JOINED = register("person.joined", "Person joined")
PERSON_SUSPENDED = register("person.suspended", "Person suspended")
PERSON_RESTORED = register("person.restored", "Person restored")
ROLE_GIVEN = register("role.given", "Role given")
ROLE_TAKEN = register("role.taken", "Role taken")

INVITATION_SENT = register("invitation.sent", "Invitation sent")
INVITATION_RESENT = register("invitation.resent", "Invitation sent again")
INVITATION_REVOKED = register("invitation.revoked", "Invitation revoked")
INVITATION_ACCEPTED = register("invitation.accepted", "Invitation accepted")

APIKEY_CREATED = register("apikey.created", "API key created")
APIKEY_ROTATED = register("apikey.rotated", "API key rotated")
APIKEY_REVOKED = register("apikey.revoked", "API key revoked")

SUPPORT_ENTERED = register("support.entered", "Support entered")
SUPPORT_ENDED = register("support.ended", "Support visit ended")
