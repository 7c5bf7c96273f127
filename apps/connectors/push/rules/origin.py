"""What may be kept of a resource: labels its owner set, never its command line or its host.

Operators put labels into OTEL_RESOURCE_ATTRIBUTES: team, cost centre, environment. They are the
hook of attribution. SDKs add process.command_args and the like, which can hold prompts: those
name spaces are never read into a tag.
"""

import re
from collections.abc import Mapping
from typing import Any

from apps.connectors.push.checks import CONTENT_NAMES
from apps.connectors.push.rules.calls import Origin

MAX_VALUE = 120
MAX_LABELS = 16
_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_.\-]{0,63}$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MACHINE = (
    "process.",
    "host.",
    "os.",
    "os_",
    "telemetry.",
    "container.",
    "k8s.",
    "cloud.",
    "device.",
    "faas.",
    "webengine.",
    "browser.",
    "user.",
    "enduser.",
    "session.",
    "tokenops.",
    "gen_ai.",
    "llm.",
    "input.",
    "output.",
    "http.",
    "url.",
    "exception.",
    "service.instance.",
    "service.version",
)
_PHASES = frozenset({"development", "testing", "production"})
STATED = ("unit", "capability", "story", "phase", "work_item")
PREFIX = "tokenops."


def origin_of(resource: Mapping[str, Any]) -> Origin:
    """Labels and stated attribution of a resource's attributes (scalars by name)."""
    origin = Origin(service=label(resource.get("service.name")))
    for name in sorted(resource):
        value = label(resource[name])
        if value and len(origin.tags) < MAX_LABELS and is_label(name):
            origin.tags[name] = value
    origin.user = label(resource.get("user.email")) or label(resource.get("enduser.id"))
    state(origin, resource)
    origin.branch = label(resource.get("vcs.ref.head.name"))
    origin.repository = label(resource.get("vcs.repository.name"))
    return origin


def state(origin: Origin, attributes: Mapping[str, Any]) -> bool:
    """Take `tokenops.unit` and its like, which come before all rules. Whether there were any."""
    found = False
    for name in STATED:
        value = label(attributes.get(PREFIX + name))
        if value and (name != "phase" or value in _PHASES):
            setattr(origin, name, value)
            found = True
    return found


def is_label(name: str) -> bool:
    """Whether a resource attribute's name is one an owner sets to label usage."""
    lowered = name.lower()
    if lowered == "os" or not _NAME.match(name) or lowered.startswith(_MACHINE):
        return False
    return CONTENT_NAMES.isdisjoint(re.split(r"[._\-]", lowered)) and lowered not in CONTENT_NAMES


def label(value: Any) -> str:
    """A short text without control characters, or nothing. Lists and objects are no labels."""
    if not isinstance(value, (str, int)):
        return ""
    text = str(value)
    if len(text) > MAX_VALUE or not (text.isprintable() or _CONTROL.search(text) is None):
        return ""
    return text.strip()
