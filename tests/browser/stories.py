"""Token Stories for the browser: a draft, one that waits in its second version, one long live."""

import datetime as dt
from decimal import Decimal

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.approvals.selectors import open_request_of
from apps.approvals.services import decide
from apps.common import clock
from apps.portfolio.models import Capability
from apps.pricing.services import RateTerms, negotiate_rate
from apps.stories import services
from apps.stories.estimator import MixShare, Triple, exactly
from apps.stories.estimator.inputs import Parts, add_months
from apps.stories.models import TokenStory
from tests.factories.stories import make_assumptions, make_plan
from tests.world import OrganizationWorld

PRICES = {
    ("anthropic", "claude-sonnet-4-5"): ("3", "0.3", "15"),
    ("anthropic", "claude-haiku-4-5"): ("1", "0.1", "5"),
    ("openai", "gpt-5"): ("1.25", "0.125", "10"),
    ("openai", "gpt-5-mini"): ("0.25", "0.025", "2"),
}
SONNET = MixShare("anthropic", "claude-sonnet-4-5")
GPT = MixShare("openai", "gpt-5")
DRAFT, WAITING, LIVE = "Policy questions", "Claims triage copilot", "Customer assistant"


def build_stories(org: OrganizationWorld) -> None:
    """Stories of the world's unit lead, decided by its CFO."""
    with org.scope():
        for (provider, model), (given, cached, out) in PRICES.items():
            negotiate_rate(
                actor=system_actor("tests"),
                terms=RateTerms(
                    name=f"{provider} {model}",
                    provider=provider,
                    model=model,
                    kind="fixed",
                    starts_on=dt.date(2026, 1, 1),
                    rates={
                        "input_uncached": Decimal(given),
                        "cache_read": Decimal(cached),
                        "output": Decimal(out),
                        "reasoning": Decimal(out),
                    },
                ),
            )
        _live(org)
        _waiting(org)
        _draft(org)
        services.save_as_template(
            actor=org.actor(Role.TOKENOPS_LEAD),
            ref=TokenStory.objects.get(title=LIVE).ref,
            name="Assistant for customers",
            description="Answers from our own pages.",
        )


def _plan(org, title, *, month, **changes):
    start = add_months(month, 1)
    assumptions = make_assumptions(**changes.pop("production", {}))
    return make_plan(
        org.units["platform"].id,
        title=title,
        assumptions=_moved(assumptions, start, add_months(start, 2)),
        **changes,
    )


def _moved(assumptions, starts_on, live_on):
    import msgspec

    return msgspec.structs.replace(assumptions, starts_on=starts_on, live_on=live_on)


def _live(org) -> None:
    moment = clock.now() - dt.timedelta(days=55)
    lead, cfo = org.actor(Role.TOKENOPS_LEAD), org.actor(Role.CFO)
    capability = Capability.objects.get(name=LIVE)
    with clock.at(moment):
        month = moment.date().replace(day=1)
        plan = _plan(
            org,
            LIVE,
            month=month,
            capability_id=capability.id,
            cap_nanos=9_000_000_000_000,
            production={
                "interactions": Triple(
                    likely=Decimal(250_000), low=Decimal(180_000), high=Decimal(400_000)
                ),
                "calls": exactly(1),
                "parts": Parts(system_prompt=exactly(1_800), context=exactly(3_400),
                               output=exactly(460), reasoning=exactly(160)),
                "cache_hit": exactly(30),
                "growth": exactly(3),
                "mix": (GPT,),
            },
        )  # fmt: skip
        plan = _with_assumptions(plan, _moved(plan.assumptions, add_months(month, -2), month))
        story = services.create_draft(actor=lead, plan=plan)
        story = services.submit(actor=lead, story_id=story.id, version=1, note="From the pilot.")
        _approve(cfo, story)
        services.start_delivery(actor=lead, story_id=story.id)
        services.go_live(actor=lead, story_id=story.id)


def _with_assumptions(plan, assumptions):
    import dataclasses

    return dataclasses.replace(plan, assumptions=assumptions)


def _waiting(org) -> None:
    lead, cfo = org.actor(Role.UNIT_LEAD), org.actor(Role.CFO)
    month = clock.today().replace(day=1)
    first = _plan(
        org,
        WAITING,
        month=month,
        cap_nanos=12_000_000_000_000,
        production={"calls": exactly(9), "cache_hit": exactly(10), "mix": (SONNET,)},
    )
    story = services.create_draft(actor=lead, plan=first)
    story = services.submit(actor=lead, story_id=story.id, version=1)
    _answer(cfo, story, "request_changes", "Too many calls, wrong tier.")
    second = _plan(org, WAITING, month=month, production={"mix": (SONNET,)})
    story = TokenStory.objects.get(id=story.id)
    story = services.save_draft(actor=lead, story_id=story.id, version=story.version, plan=second)
    services.submit(
        actor=lead, story_id=story.id, version=story.version, note="Six calls, better caching."
    )


def _draft(org) -> None:
    lead = org.actor(Role.UNIT_LEAD)
    plan = _plan(
        org,
        DRAFT,
        month=clock.today().replace(day=1),
        production={
            "calls": Triple(likely=Decimal(6), low=Decimal(4), high=Decimal(9)),
            "mix": (SONNET,),
        },
    )
    services.create_draft(actor=lead, plan=plan)


def _approve(actor, story) -> None:
    _answer(actor, story, "approve", "Worth it.")


def _answer(actor, story, decision, note) -> None:
    request = open_request_of("story", story.id)
    decide(
        actor=actor,
        request_id=request.id,
        version=request.version,
        decision=decision,
        note=note,
    )


def ref(org: OrganizationWorld, title: str) -> str:
    """The reference of one of these stories."""
    return TokenStory.objects.get(title=title).ref
