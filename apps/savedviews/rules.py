"""What of an address belongs to a view. Pure."""

from collections.abc import Collection
from urllib.parse import parse_qsl, urlencode

NAME_LIMIT = 80
QUERY_LIMIT = 2000
FORGOTTEN = frozenset(
    {"page", "after", "format", "choice", "cursor", "view", "csrfmiddlewaretoken"}
)
"""Parameters of the moment: the page somebody was on, a download, a chosen answer."""


def clean_query(query: str) -> str:
    """The query string of a view: encoded again, without empty values and those of the moment."""
    pairs = parse_qsl(query.lstrip("?"), keep_blank_values=False, max_num_fields=100)
    return urlencode([(k, v) for k, v in pairs if k not in FORGOTTEN])


def without(query: str, names: Collection[str]) -> str:
    """The query string without some parameters."""
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=100)
    return urlencode([(key, value) for key, value in pairs if key not in names])


def clean_name(name: str) -> str:
    return " ".join(name.split())
