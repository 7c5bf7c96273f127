"""Pure rules of capabilities."""

import re
import unicodedata

SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
SLUG_LIMIT = 60


def normalise(name: str) -> str:
    """Text as it is searched: composed, lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).lower().split())


def slug_of(name: str) -> str:
    """A code made from a name: `Claims triage copilot` becomes `claims-triage-copilot`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return slug[:SLUG_LIMIT].strip("-")


def is_slug(text: str) -> bool:
    return len(text) <= SLUG_LIMIT and SLUG.match(text) is not None


def free_slug(wanted: str, taken: set[str]) -> str:
    """The wanted code, or the first of `wanted-2`, `wanted-3`, ... that nobody has."""
    if wanted not in taken:
        return wanted
    number = 2
    while f"{wanted}-{number}" in taken:
        number += 1
    return f"{wanted}-{number}"
