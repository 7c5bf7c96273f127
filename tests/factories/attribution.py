"""Attribution rules."""

import itertools
from typing import Any

from apps.access.actors import system_actor
from apps.attribution import services
from apps.attribution.models import AttributionRule

_numbers = itertools.count(1)


def when(field: str, *values: str, tag: str = "") -> dict[str, Any]:
    """One condition: equality with one value, membership with several."""
    operator = "equals" if len(values) == 1 else "in"
    return {"field": field, "operator": operator, "values": list(values), "tag": tag}


def make_rule(*conditions: dict[str, Any], **fields: Any) -> AttributionRule:
    """A rule in the open scope; production by default, so that it assigns something."""
    values: dict[str, Any] = {"name": f"Rule {next(_numbers)}", "phase": "production"}
    position = fields.pop("position", None)
    draft = services.RuleDraft(conditions=list(conditions), **{**values, **fields})
    return services.create_rule(actor=system_actor("tests"), draft=draft, position=position)
