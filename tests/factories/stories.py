"""Token Stories, made by the services at prices the tests are worked out with."""

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.access.actors import Actor, system_actor
from apps.pricing.services import RateTerms, negotiate_rate
from apps.stories import services
from apps.stories.estimator import Assumptions, MixShare, exactly
from apps.stories.estimator.inputs import Development, Parts, Production, Testing
from apps.stories.models import TokenStory
from apps.stories.services import PlanInput

_numbers = itertools.count(1)
CAP = 4_000_000_000_000
MODEL = MixShare("atlas", "medium")


def make_prices() -> None:
    """Atlas Medium at $3 in, $0.30 cached, $15 out; Atlas Small at a fifth. In the open scope."""
    for model, factor in (("medium", Decimal(1)), ("small", Decimal("0.2"))):
        negotiate_rate(
            actor=system_actor("tests"),
            terms=RateTerms(
                name=f"Atlas {model}",
                provider="atlas",
                model=model,
                kind="fixed",
                starts_on=dt.date(2026, 1, 1),
                rates={
                    "input_uncached": 3 * factor,
                    "cache_read": Decimal("0.3") * factor,
                    "output": 15 * factor,
                    "reasoning": 15 * factor,
                },
            ),
        )


def make_assumptions(**production: Any) -> Assumptions:
    """14,000 claims a month, 6 calls each: $2,538.174240 likely, 876.2 M tokens."""
    run: dict[str, Any] = {
        "interactions": exactly(14_000),
        "calls": exactly(6),
        "parts": Parts(system_prompt=exactly(4_000), context=exactly(5_200), output=exactly(640)),
        "cache_hit": exactly(35),
        "retry": exactly(6),
        "horizon_months": 12,
        "mix": (MODEL,),
    }
    return Assumptions(
        starts_on=dt.date(2026, 12, 1),
        live_on=dt.date(2027, 2, 1),
        unit_noun="claim",
        production=Production(**{**run, **production}),
        development=Development(
            basis="effort",
            developers=exactly(6),
            days=exactly(40),
            tokens_per_day=exactly(2_400_000),
            output_share=exactly(10),
            cache_hit=exactly(50),
        ),
        testing=Testing(runs=exactly(16), cases=exactly(1_200), tokens_per_case=exactly(20_000)),
    )


def make_plan(unit_id: UUID, **changes: Any) -> PlanInput:
    """A complete plan: it can be submitted as it is."""
    values: dict[str, Any] = {
        "title": f"Claims triage copilot {next(_numbers)}",
        "unit_id": unit_id,
        "assumptions": make_assumptions(),
        "summary": "Reads a new claim and proposes severity and routing.",
        "cap_nanos": CAP,
        "value_metric": "Handling time",
        "value_unit": "minutes",
        "value_baseline": Decimal("12.4"),
        "value_change": Decimal("-4.5"),
        "value_adoption": Decimal(70),
        "value_money_nanos": 700_000_000,
        "value_confidence": "medium",
        "value_measure_on": dt.date(2027, 4, 1),
        "value_why": "Six adjusters triaged 412 claims with the prototype.",
    }
    return PlanInput(**{**values, **changes})


def make_story(actor: Actor, unit_id: UUID, **changes: Any) -> TokenStory:
    """A draft in the open scope."""
    return services.create_draft(actor=actor, plan=make_plan(unit_id, **changes))


def make_submitted(actor: Actor, unit_id: UUID, **changes: Any) -> TokenStory:
    """A story that waits for a decision."""
    story = make_story(actor, unit_id, **changes)
    return services.submit(actor=actor, story_id=story.id, version=story.version)
