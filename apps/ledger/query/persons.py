"""People behind usage, for those who may not see who they are.

They get a word that stays the same for a person on every page of the organization, cannot be
computed from a name without the installation's secret, and finds nobody when it is sent as a
filter. Of fewer than five people nothing is told apart: one would be recognised by what was used.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.utils.crypto import salted_hmac

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.common.errors import Forbidden
from apps.ledger.enums import Axis
from apps.ledger.rules import keys
from apps.ledger.rules.persons import SMALLEST_GROUP
from apps.tenancy.scope import require_organization_id

FEW = "few-people"
FEW_LABEL = f"Fewer than {SMALLEST_GROUP} people"
HIDDEN = "Name hidden"
NOBODY = frozenset({"", "none"})
"""Filter values that name no person."""
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")


def alias(key: str) -> tuple[str, str]:
    """(key, label) that stand for the person with this key of the user axis."""
    said = f"{require_organization_id()}:{key}"
    digest = salted_hmac("tokenops.people", said).hexdigest()
    return f"person-{digest[:20]}", f"Person {digest[:6]}"


def pseudonym(key: str) -> str:
    """The word of a person, by the key of the user axis."""
    return alias(key)[1]


def refuse_names(values: Iterable[str]) -> None:
    """Forbidden for a filter that names a person: the same whether or not there is one."""
    if any(value not in NOBODY for value in values):
        raise Forbidden(
            "You may not see the people behind usage, so you cannot filter by one.",
            code="people_hidden",
            fix="Leave the filter by user out, or ask for a role that may see people.",
        )


def reached_units(
    units: frozenset[UUID] | None, filters: Mapping[str, Sequence[str]]
) -> frozenset[UUID] | None:
    """Units whose usage a question may hold: those filtered by within those seen. None: all."""
    asked = filters.get("unit")
    if not asked:
        return units
    try:
        picked = frozenset(UUID(value) for value in asked)
    except ValueError:
        return units
    return picked if units is None else picked & units


class Sight:
    """Which people an actor may see, by the unit their usage belongs to."""

    def __init__(self, actor: Actor) -> None:
        self._units = visible_unit_ids(actor, P.PEOPLE_VIEW)

    @property
    def everybody(self) -> bool:
        return self._units is None

    def of(self, unit_id: UUID | None) -> bool:
        """Whether people of a unit's usage are seen; None is usage without a unit."""
        return self._units is None or (unit_id is not None and unit_id in self._units)

    def name(self, user: str, unit_id: UUID | None) -> str:
        """What a source calls a person, or the word that stands for them."""
        if not user or self.of(unit_id):
            return user
        return pseudonym(str(keys.axis_key(require_organization_id(), Axis.USER, user)))

    def tags(self, tags: Mapping[str, str], user: str, unit_id: UUID | None) -> dict[str, str]:
        """Tags without what names a person: their name as the source sends it, or an address."""
        if self.of(unit_id):
            return dict(tags)
        return {
            name: HIDDEN if _ADDRESS.search(text) or (user and user in text) else text
            for name, text in tags.items()
        }
