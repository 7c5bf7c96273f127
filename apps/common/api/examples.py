"""Requests that work as they are written, for the API's description. A test sends each of them.

They name what every organization has. Where one needs an id of the organization, it says so in
capitals (`TEAM-ID`): replace it. A `version` is the one that was read.
"""

from typing import Any

from drf_spectacular.utils import OpenApiExample

TEAM = "TEAM-ID"
PERSON = "PERSON-ID"
CAPABILITY = "CAPABILITY-ID"
BUDGET = "BUDGET-ID"


def request_example(
    name: str, summary: str, value: Any, media_type: str = "application/json"
) -> OpenApiExample:
    """An example of a request's body; of a form's, the files are their text."""
    return OpenApiExample(
        name, summary=summary, value=value, request_only=True, media_type=media_type
    )
