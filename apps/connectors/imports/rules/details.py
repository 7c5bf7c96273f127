"""Cells that hold pairs: JSON objects and lists, and Azure's bare `"key": "value"` lists. Pure."""

import json
from collections.abc import Mapping
from functools import lru_cache

from apps.connectors.push.checks import CONTENT_TAGS
from apps.ledger.schema import MAX_TAGS, MAX_TEXT

_NAMES = (("key", "value"), ("Key", "Value"))


@lru_cache(maxsize=16_384)
def pairs(text: str) -> tuple[tuple[str, str], ...]:
    """The texts and numbers of an object by name; nothing for what is no object."""
    if not text:
        return ()
    braced = text if text.lstrip().startswith(("{", "[")) else "{" + text + "}"
    try:
        found = json.loads(braced)
    except (ValueError, RecursionError):
        return ()
    if isinstance(found, list):
        items = [
            (str(item.get(key, "")), item.get(value))
            for item in found
            if isinstance(item, dict)
            for key, value in _NAMES
            if key in item
        ]
    elif isinstance(found, dict):
        items = [(str(key), value) for key, value in found.items()]
    else:
        return ()
    return tuple((k, str(v)) for k, v in items if k and isinstance(v, (str, int, float)))


def as_tags(text: str, known: Mapping[str, str]) -> dict[str, str]:
    """`known` tags with those of the cell; names that promise content are left out."""
    tags = dict(known)
    for key, value in pairs(text):
        name = key.strip()[:64]
        if len(tags) >= MAX_TAGS:
            break
        if name and value and name.lower() not in CONTENT_TAGS:
            tags.setdefault(name, value[:MAX_TEXT])
    return tags
