"""The figures of consumption domains over the API: what the pages show, exact."""

from decimal import Decimal

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import P
from apps.common.api.fields import money
from apps.common.errors import Invalid, NotFound
from apps.portal.api import domain_serializers as serializers
from apps.portal.rules import domains as rules
from apps.portal.rules.domains import Domain
from apps.portal.rules.windows import PERIODS
from apps.portal.selectors import domain_people
from apps.portal.selectors import domains as selectors
from apps.portal.selectors.domain_estimate import LIMITS, estimate, given, inputs
from apps.portal.selectors.domain_people import Crowd
from apps.portal.selectors.domains import DomainFigures
from apps.portal.selectors.slices import read_slice

DEFAULT_PERIOD = "30d"
PARAMETERS = [
    OpenApiParameter("period", OpenApiTypes.STR, enum=[key for key, _ in PERIODS]),
    OpenApiParameter("unit", OpenApiTypes.UUID, many=True, description="With all units below."),
    OpenApiParameter("capability", OpenApiTypes.UUID, many=True),
]


def _read(request: Request, domain: Domain) -> tuple[DomainFigures, Crowd | None]:
    """The domain as far as the caller may see it, and its people where it asks for them."""
    period = request.query_params.get("period", DEFAULT_PERIOD)
    if period not in dict(PERIODS):
        known = ", ".join(key for key, _ in PERIODS)
        raise Invalid(f"{period!r} is no period.", field="period", fix=f"Use one of {known}.")
    actor = request.auth
    chosen = read_slice(actor, request.query_params, ("unit", "capability"))
    view = selectors.figures(actor, chosen, domain, period)
    inside, _ = selectors.of_domain(chosen, domain, actor)
    if domain is rules.DEVELOPMENT:
        narrowed = bool(chosen.chosen.get("capability"))
        return view, domain_people.developers(actor, inside, view, narrowed=narrowed)
    if domain is rules.ANALYTICS:
        return domain_people.askers(actor, inside, view)
    return view, None


class DomainView(APIView):
    """Figures of a domain: what one interaction takes, its people as numbers, each capability
    against the plan of its story."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "kind",
                OpenApiTypes.STR,
                OpenApiParameter.PATH,
                enum=[domain.kind for domain in rules.DOMAINS],
            ),
            *PARAMETERS,
        ],
        responses=serializers.DomainSerializer,
    )
    def get(self, request: Request, kind: str) -> Response:
        domain = next((domain for domain in rules.DOMAINS if domain.kind == kind), None)
        if domain is None:
            raise NotFound("There is no such domain.", code="domain_not_found")
        return Response(serializers.domain_json(*_read(request, domain)))


class PeopleView(APIView):
    """Business users, the heaviest first: by name only for callers that may see people."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(parameters=PARAMETERS, responses=serializers.DomainPeopleSerializer)
    def get(self, request: Request) -> Response:
        view, crowd = _read(request, rules.ANALYTICS)
        persons = crowd.persons if crowd else []
        return Response(
            {
                "start": view.window.start,
                "end": view.window.end,
                "named": bool(crowd and crowd.named),
                "hidden": bool(crowd and crowd.hidden),
                "count": crowd.count if crowd else 0,
                "people": [
                    serializers.person_json(person, view.settings.currency) for person in persons
                ],
            }
        )


class EstimateView(APIView):
    """A year of AI-assisted development; what is not given is measured or usual."""

    permission_required = {"GET": P.USAGE_VIEW}

    @extend_schema(
        parameters=[
            *PARAMETERS,
            *(
                OpenApiParameter(name, OpenApiTypes.DECIMAL, description=f"{low} to {high}.")
                for name, (low, high) in LIMITS.items()
            ),
        ],
        responses=serializers.DomainEstimateSerializer,
    )
    def get(self, request: Request) -> Response:
        for name, (low, high) in LIMITS.items():
            if request.query_params.get(name) and given(request.query_params, name) is None:
                raise Invalid(
                    f"`{name}` is out of range.", field=name, fix=f"Send {low} to {high}."
                )
        view, crowd = _read(request, rules.DEVELOPMENT)
        asked = inputs(request.query_params, crowd)
        found, currency = estimate(view, asked), view.settings.currency
        return Response(
            {
                "headcount": asked.headcount,
                "adoption": serializers.text_of(Decimal(asked.adoption)),
                "low": asked.low,
                "high": asked.high,
                "days": asked.days,
                "users": serializers.text_of(found.users),
                "tokens_low": found.tokens_low,
                "tokens_high": found.tokens_high,
                "cost_low": money(found.cost_low, currency),
                "cost_high": money(found.cost_high, currency),
                "measured_annual_tokens": view.annual_tokens,
            }
        )
