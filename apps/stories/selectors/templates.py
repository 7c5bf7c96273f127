"""Where a new story may start: built-in patterns, the organization's templates, the models."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from apps.common import clock
from apps.common.errors import NotFound
from apps.pricing.selectors import price_book
from apps.stories.estimator import Assumptions, MixShare
from apps.stories.models import StoryTemplate
from apps.stories.selectors.models_used import options
from apps.stories.selectors.prices import price_table
from apps.stories.selectors.settings import settings_in_force
from apps.stories.selectors.usage import top_models
from apps.stories.starts import STARTS, begin

PREFERRED = (
    "anthropic/claude-sonnet-4-5", "openai/gpt-5", "google/gemini-2.5-pro", "openai/gpt-4.1",
)  # fmt: skip
"""Tried in this order by an organization whose usage names no model yet."""


def templates() -> QuerySet[StoryTemplate]:
    """The organization's own, retired ones included. Everybody who reads stories may see them."""
    return StoryTemplate.objects.select_related("unit")


def offered_templates() -> QuerySet[StoryTemplate]:
    return templates().filter(retired_at__isnull=True).order_by("name_norm")


def template_by_id(template_id: UUID) -> StoryTemplate:
    found = templates().filter(id=template_id).first()
    if found is None:
        raise NotFound("There is no such template.", code="template_not_found")
    return found


def usual_mix() -> tuple[MixShare, ...]:
    """The model a new story is priced with first: the organization's most used one that has a
    price, else a common one. Empty when the price book knows neither.
    """
    book = price_book()
    common = [book.canonical(*key.split("/", 1)) for key in PREFERRED]
    wanted = [*top_models(), *common]
    priced = price_table(wanted).models
    for provider, model in wanted:
        if (provider, model) in priced:
            return (MixShare(provider, model),)
    first = next(iter(options().values()), None)
    return (MixShare(first.provider, first.model),) if first else ()


@dataclass(frozen=True, slots=True)
class Built:
    """A built-in start ready for the form."""

    assumptions: Assumptions
    kind: str
    pattern: str
    value_metric: str
    value_unit: str


def built_in(key: str) -> Built | None:
    """A built-in start with the organization's sizes and usual model; None for another key."""
    start = STARTS.get(key)
    if start is None:
        return None
    a = begin(start, today=clock.today(), sizes=settings_in_force().sizes, mix=usual_mix())
    return Built(a, start.kind, start.pattern, start.value_metric, start.value_unit)
