"""What of an address belongs to a view. Pure."""

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


def clean_name(name: str) -> str:
    return " ".join(name.split())
