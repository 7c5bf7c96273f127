"""Capabilities, made by the service."""

import itertools
from typing import Any

from apps.access.actors import system_actor
from apps.organizations import selectors
from apps.portfolio.models import Capability
from apps.portfolio.services import create_capability

_numbers = itertools.count(1)


def make_capability(name: str = "", **fields: Any) -> Capability:
    """A capability in the open scope, of the root unit unless `unit_id` says otherwise."""
    fields.setdefault("unit_id", selectors.root_unit().id)
    fields.setdefault("kind", "production")
    return create_capability(
        actor=system_actor("tests"), name=name or f"Capability {next(_numbers)}", **fields
    )
