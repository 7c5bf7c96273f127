"""Other apps may refuse a change of the organization's settings.

Example: days are cut in the organization's time zone, so the ledger refuses another one once it
holds usage. Register in the app's `ready()`.
"""

from collections.abc import Callable, Mapping

from apps.common.errors import FieldError
from apps.organizations.models import Organization

#: Outbox topic: settings have changed; the payload is empty, readers ask for the present ones.
SETTINGS_CHANGED = "organization.changed"

Guard = Callable[[Organization, Mapping[str, object]], list[FieldError]]
_guards: list[Guard] = []


def settings_guard(function: Guard) -> Guard:
    """Register: gets the organization and the new values that differ; answers the refusals."""
    if function not in _guards:
        _guards.append(function)
    return function


def refusals(organization: Organization, changes: Mapping[str, object]) -> list[FieldError]:
    return [error for guard in _guards for error in guard(organization, changes)]
