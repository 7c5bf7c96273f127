"""What a policy learns about a story's models, and which tier it has."""

from decimal import Decimal

import pytest

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.rules.policy import AUTO_POLICY
from apps.approvals.selectors import requests_of_subject
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.entitlements.rules import Wanted
from apps.entitlements.selectors.tiers import tier_book
from apps.entitlements.services import mint
from apps.portfolio import tiers
from apps.portfolio.services import change_tiers, create_capability
from apps.pricing.models import ModelStanding
from apps.pricing.services import set_standing
from apps.stories.estimator import MixShare, exactly
from apps.stories.estimator.inputs import Parts
from apps.stories.selectors.checks import checks
from apps.stories.selectors.stories import revision_by_id
from apps.trail.models import TrailEvent
from tests.factories.stories import make_assumptions

pytestmark = pytest.mark.django_db
ONE = (MixShare("atlas", "medium"),)
BOTH = (MixShare("atlas", "medium", Decimal(70)), MixShare("atlas", "small", Decimal(30)))


def say(desk, model, standing, note="", version=0, role=Role.EA):
    return set_standing(
        actor=desk.org.actor(role),
        provider="atlas",
        model=model,
        standing=standing,
        note=note,
        version=version,
    )


def asked(desk, **production):
    return desk.request(desk.submitted(assumptions=make_assumptions(**production)))


@pytest.mark.parametrize(
    ("said", "mix", "status", "standard"),
    [
        ({}, BOTH, None, None),
        ({"medium": "standard"}, ONE, "standard", True),
        ({"medium": "standard", "small": "allowed"}, BOTH, "allowed", False),
        ({"medium": "standard"}, BOTH, "undecided", False),
        ({"medium": "restricted", "small": "allowed"}, BOTH, "restricted", False),
        ({"": "not_allowed", "medium": "standard"}, BOTH, "not_allowed", False),
        ({"": "standard"}, BOTH, "standard", True),
    ],
)
def test_the_worst_model_of_the_mix_is_the_fact(desk, said, mix, status, standard):
    for model, standing in said.items():
        say(desk, model, standing, note="Decided by the board.")
    known = asked(desk, mix=mix).facts
    assert (known.get("model_status"), known.get("model_standard")) == (status, standard)


def test_a_route_asks_for_it_and_the_approver_sees_it(desk):
    desk.org.person(Role.EA)
    approvals.create_policy(
        actor=desk.org.actor(Role.OWNER),
        name="Off the standard",
        subject_type="story",
        priority=1,
        document={
            "when": [{"fact": "model_standard", "op": "eq", "value": False}],
            "steps": [{"name": "Design", "roles": ["ea"]}],
        },
        note="Architecture looks at models.",
    )
    assert asked(desk).policy.name != "Off the standard"
    say(desk, "medium", "restricted", note="Only for summaries.")
    request = asked(desk)
    assert request.policy.name == "Off the standard"
    assert {"tone": "warn", "text": "Restricted model"} in request.flags
    revision = revision_by_id(request.revision_id)
    found = [c for c in checks(revision) if "restricted" in c.text]
    assert [(c.passed, c.text, c.detail) for c in found] == [(False, "medium is restricted", "")]
    shown = desk.org.client(Role.EA).get(desk.org.url("approvals:detail", request_id=request.id))
    assert "medium is restricted" in shown.content.decode()
    say(desk, "medium", "standard", version=1)
    assert asked(desk).policy.name != "Off the standard"
    assert [c.passed for c in checks(revision) if c.text == "Standard models only"] == [True]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"role": Role.CFO}, Forbidden),
        ({"standing": "fine"}, Invalid),
        ({"standing": "restricted"}, Invalid),
        ({"version": 7}, Conflict),
    ],
)
def test_a_wrong_word_is_refused_and_nothing_is_written(desk, changes, error):
    values = {"model": "medium", "standing": "allowed", **changes}
    with pytest.raises(error):
        say(desk, **values)
    assert not ModelStanding.objects.exists()
    assert not TrailEvent.objects.filter(action="model.standing_changed").exists()


def test_two_people_who_say_different_things_get_one_conflict(desk):
    row = say(desk, "medium", "allowed")
    say(desk, "medium", "not_allowed", note="Too dear.", version=row.version, role=Role.CTO)
    with pytest.raises(Conflict):
        say(desk, "medium", "standard", version=row.version)
    row.refresh_from_db()
    assert (row.standing, row.version, row.changed_by_name) == (
        "not_allowed", 2, str(desk.org.person(Role.CTO).membership),
    )  # fmt: skip
    events = TrailEvent.objects.filter(action="model.standing_changed").order_by("id")
    assert [(e.before, e.after["standing"], e.reason) for e in events] == [
        ({}, "allowed", ""),
        ({"standing": "allowed", "note": ""}, "not_allowed", "Too dear."),
    ]
    say(desk, "medium", "undecided", version=2)
    assert "model_status" not in asked(desk).facts


def small(desk, **capability):
    made = create_capability(
        actor=desk.author, name="Notes", kind="production", unit_id=desk.unit_id, **capability
    )
    return desk.submitted(
        capability_id=made.id,
        assumptions=make_assumptions(interactions=exactly(100), calls=exactly(1)),
        cap_nanos=40_000_000_000,
    )


@pytest.mark.parametrize(
    ("capability", "tier", "lane"),
    [
        ({}, "light", "auto"),
        ({"tier": "light"}, "light", "auto"),
        ({"tier": "heavy"}, "heavy", "people"),
    ],
)
def test_a_light_story_is_light_unless_somebody_holds_its_capability_higher(
    desk, capability, tier, lane
):
    import msgspec

    approvals.create_policy(
        actor=desk.org.actor(Role.OWNER),
        name="Small",
        subject_type="story",
        priority=1,
        document=msgspec.to_builtins(AUTO_POLICY),
        note="Small and harmless.",
    )
    story = small(desk, **capability)
    request = requests_of_subject("story", story.id).get()
    assert (story.tier, request.facts["tier"], request.lane) == (tier, tier, lane)


def test_a_design_beyond_its_entitlements_is_a_fact_a_flag_and_a_question(desk):
    """Atlas medium costs 15 a million of output, frontier from 12 on; 9,200 input tokens a call."""
    change_tiers(
        actor=desk.org.actor(Role.EA),
        version=0,
        document={**tiers.dump(tiers.DEFAULT), "frontier_from": "12"},
    )
    story = desk.submitted()
    request = desk.request(story)
    assert (story.tier, request.facts["over_entitlement"]) == ("standard", True)
    assert "Beyond its entitlements" in [flag["text"] for flag in request.flags]
    said = {c.text: c.passed for c in checks(revision_by_id(request.revision_id))}
    assert said["9,200 input tokens a call of 128,000 it may have"] is True
    assert said["No entitlement to medium"] is False
    mint(
        actor=desk.approver,
        wanted=Wanted("premium", unit_id=desk.unit_id, reach="frontier"),
        title="Harder claims",
        reason="Seals.",
        evidence="",
        starts_on=clock.today(),
        ends_on=clock.today(),
        request_id=request.id,
        source_id=story.id,
        source_ref="ER-0001",
        asked_by_id=None,
        asked_by_name="Ada",
        granted_by_name="Bea",
    )
    assert desk.request(desk.submitted()).facts["over_entitlement"] is False
    long = make_assumptions(
        calls=exactly(1), parts=Parts(context=exactly(130_000), output=exactly(10))
    )
    assert desk.request(desk.submitted(assumptions=long)).facts["over_entitlement"] is True


def test_an_approved_story_gives_its_capability_tier_and_design(desk):
    story = desk.decide(desk.submitted(), "approve")
    found = tier_book([story.capability_id])
    applied = found.of_capability(found.capabilities[story.capability_id])
    assert (applied.tier.value, applied.why.value, applied.ref) == ("standard", "story", story.ref)
    assert found.designs[story.capability_id].input_per_call == 9_200
