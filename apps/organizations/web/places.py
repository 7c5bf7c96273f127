"""What a form may offer an actor: units, roles and scopes. The services decide again."""

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.services import can, visible_unit_ids
from apps.organizations import rules, selectors
from apps.organizations.web.forms import WHOLE, key_scopes


def unit_options(actor: Actor, permission: P) -> list[tuple[str, str]]:
    """Units where the actor holds the permission."""
    return selectors.unit_choices(visible_unit_ids(actor, permission))


def place_options(actor: Actor, permission: P) -> list[tuple[str, str]]:
    """The same, and the whole organization where the actor holds it there."""
    whole = [WHOLE] if can(actor, permission) else []
    return [*whole, *unit_options(actor, permission)]


def role_options(actor: Actor) -> list[Role]:
    """Roles the actor may give somewhere."""
    units = visible_unit_ids(actor, P.ROLE_MANAGE)
    place = None if units is None or not units else next(iter(units))
    return [role for role in rules.GIVABLE if rules.may_give(actor, role, place)]


def scope_options(actor: Actor) -> list[P]:
    """Permissions the actor could give a key for the whole organization or one of its units."""
    units = visible_unit_ids(actor, P.APIKEY_MANAGE)
    places = [None] if units is None else list(units)
    return [scope for scope in key_scopes() if any(can(actor, scope, unit_id=p) for p in places)]
