"""Which runs a query string asks for, and how their decimals are written."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from apps.access.permissions import P
from apps.access.services import visible_unit_ids
from apps.common.errors import Invalid, NotFound
from apps.common.web.filters import parse_day
from apps.ledger.enums import RunWordKind
from apps.ledger.rules import keys
from apps.ledger.selectors.runs import Reach
from apps.organizations.selectors import unit_subtree_ids

MOST_DAYS = 400

PARAMETERS = [
    OpenApiParameter("start", OpenApiTypes.DATE, required=True, description="First day."),
    OpenApiParameter("end", OpenApiTypes.DATE, required=True, description="Day after the last."),
    *(
        OpenApiParameter(name, OpenApiTypes.UUID, many=True)
        for name in ("capability", "unit", "story", "source")
    ),
    *(OpenApiParameter(name, OpenApiTypes.STR, many=True) for name in ("workflow", "agent")),
]


def read_reach(request: Request) -> Reach:
    """The runs a query string asks for, as far as the caller may see them."""
    start, end = _day(request, "start"), _day(request, "end")
    if not 0 < (end - start).days <= MOST_DAYS:
        raise Invalid(
            f"Ask for 1 to {MOST_DAYS} days.", field="end", fix="`end` is the day after the last."
        )
    asked = _ids(request, "unit")
    below = sorted({found for unit in asked for found in unit_subtree_ids(unit)})
    if asked and not below:
        raise NotFound("There is no such unit.", code="unit_not_found")
    return Reach(
        start=start,
        end=end,
        units=visible_unit_ids(request.auth, P.USAGE_VIEW),
        unit=below,
        capability=_ids(request, "capability"),
        story=_ids(request, "story"),
        source=_ids(request, "source"),
        workflow=_words(request, "workflow", RunWordKind.WORKFLOW),
        agent=_words(request, "agent", RunWordKind.AGENT),
    )


def _words(request: Request, name: str, kind: RunWordKind) -> list[int]:
    return [keys.run_word(kind, text) for text in request.query_params.getlist(name)]


def _day(request: Request, name: str) -> date:
    day = parse_day(request.query_params.get(name, ""))
    if day is None:
        raise Invalid(f"`{name}` is not a day.", field=name, fix="Use YYYY-MM-DD.")
    return day


def _ids(request: Request, name: str) -> list[UUID]:
    try:
        return [UUID(text) for text in request.query_params.getlist(name)]
    except ValueError:
        raise Invalid(f"`{name}` is not an id.", field=name, fix="Send a UUID.") from None


def text_of(value: Decimal | None) -> str | None:
    """A decimal as JSON shows it: exact, as text."""
    return None if value is None else f"{value:f}"
