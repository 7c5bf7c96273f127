"""Telling apps above that who may act where has changed; they register themselves when they start.

Organizations may not import them: approvals keep the people of their open steps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PeopleChange:
    """Whose rights changed. `roles` are those given or taken; none means all the person holds.

    Without a `membership_id` the tree of units changed, and with it what everybody reaches.
    """

    membership_id: UUID | None = None
    roles: tuple[str, ...] = ()


PeopleChanged = Callable[[PeopleChange], object]

_hooks: list[PeopleChanged] = []


def register_people_changed(hook: PeopleChanged) -> None:
    """`hook(change)` runs in the transaction of the change: what it raises undoes the change."""
    if hook not in _hooks:
        _hooks.append(hook)


def people_changed(membership_id: UUID | None = None, *roles: str) -> None:
    """Tell every hook, in the open scope, after the change is written."""
    for hook in _hooks:
        hook(PeopleChange(membership_id, roles))
