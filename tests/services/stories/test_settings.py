"""Size bands, reference bands, mandatory value: who sets them and what follows for stories."""

import pytest

from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.portfolio import tiers
from apps.portfolio.services import change_tiers
from apps.stories import bands, services
from apps.stories.models import EstimatingSettings, StoryRevision, TokenStory
from apps.stories.selectors.estimating import fill_size
from apps.stories.selectors.settings import settings_in_force
from apps.trail.models import TrailEvent
from tests.factories.stories import make_assumptions, make_plan

pytestmark = pytest.mark.django_db

NANOS = 10**9


def smaller():
    return {**bands.dump(bands.DEFAULT_SIZES), "S": {"low": 1, "likely": 2, "high": 3}}


def test_bands_are_changed_one_version_at_a_time(desk):
    analyst = desk.org.actor(Role.TOKENOPS_ANALYST)
    services.change_sizes(actor=analyst, version=0, document=smaller(), reason="Measured.")
    found = settings_in_force()
    assert (found.sizes["S"], found.version) == (bands.SizeBand(1, 2, 3), 1)
    assert found.references == bands.DEFAULT_REFERENCES
    wider = {**bands.dump(bands.DEFAULT_REFERENCES), "chatbot": {"low": 1, "high": 9}}
    services.change_references(actor=analyst, version=1, document=wider)
    with pytest.raises(Conflict):
        services.change_sizes(actor=analyst, version=1, document=smaller())
    event = TrailEvent.objects.get(action="estimating.sizes_changed")
    assert (event.reason, event.before, event.after["sizes"]["S"]["likely"]) == (
        "Measured.", {"sizes": None}, 2,
    )  # fmt: skip


@pytest.mark.parametrize("role", [Role.CFO, Role.UNIT_LEAD, Role.MEMBER])
def test_bands_are_not_for_everyone(desk, role):
    with pytest.raises(Forbidden):
        services.change_sizes(actor=desk.org.actor(role), version=0, document=smaller())
    assert not EstimatingSettings.objects.exists()


def test_only_finance_sets_the_amount(desk):
    with pytest.raises(Forbidden):
        services.change_value_policy(
            actor=desk.org.actor(Role.TOKENOPS_LEAD), version=0, from_nanos=0
        )
    with pytest.raises(Invalid):
        services.change_value_policy(actor=desk.approver, version=0, from_nanos=-1)
    assert not EstimatingSettings.objects.exists()
    services.change_value_policy(actor=desk.approver, version=0, from_nanos=25_000 * NANOS)
    assert settings_in_force().value_from_nanos == 25_000 * NANOS
    services.change_value_policy(actor=desk.approver, version=1, from_nanos=None)
    assert settings_in_force().value_from_nanos is None


def submit(desk, **changes):
    plan = make_plan(desk.unit_id, **changes)
    story = services.create_draft(actor=desk.author, plan=plan)
    return services.submit(actor=desk.author, story_id=story.id, version=story.version)


def test_from_the_amount_on_a_story_states_its_value_in_full(desk):
    # likely lifetime: 12 × $2,538.17 and the build, about $33k
    services.change_value_policy(actor=desk.approver, version=0, from_nanos=30_000 * NANOS)
    with pytest.raises(Invalid) as refused:
        submit(desk, value_confidence="", value_measure_on=None)
    assert refused.value.code == "value_incomplete"
    assert [e.field for e in refused.value.errors] == [
        "value_confidence", "value_measure_on", "value_owner",
    ]  # fmt: skip
    assert all(e.fix for e in refused.value.errors)
    assert not StoryRevision.objects.exists()
    assert TokenStory.objects.get().status == "draft"
    done = submit(desk, value_owner_id=desk.author.membership_id)
    assert done.status == "submitted"


def test_below_the_amount_value_is_optional(desk):
    services.change_value_policy(actor=desk.approver, version=0, from_nanos=900_000 * NANOS)
    done = submit(desk, value_metric="", value_why="", value_change=None, value_money_nanos=None)
    assert done.status == "submitted"


def test_a_story_keeps_the_tier_it_was_submitted_at(desk):
    story = submit(desk)
    # $2,538 a month, 62,586 tokens a claim: standard
    assert (story.tier, StoryRevision.objects.get().tier) == ("standard", "standard")
    assert desk.request(story).facts["tier"] == "standard"
    document = tiers.dump(tiers.DEFAULT)
    document["tiers"][2]["month_cost_from"] = 2_000 * NANOS
    change_tiers(actor=desk.org.actor(Role.EA), version=0, document=document)
    assert StoryRevision.objects.get().tier == "standard"
    assert submit(desk).tier == "heavy"


def test_far_outside_its_band_is_a_flag_for_approvers(desk):
    story = submit(desk, pattern="chatbot")
    assert {"tone": "warn", "text": "Far above a usual chatbot"} in desk.request(story).flags
    other = submit(desk, pattern="agent")
    assert not [f for f in desk.request(other).flags if "usual" in f["text"]]


def test_a_size_without_tokens_takes_the_band_in_force():
    import msgspec

    from apps.stories.estimator.inputs import Development

    a = msgspec.structs.replace(make_assumptions(), development=Development(basis="size", size="M"))
    filled = fill_size(a, bands.DEFAULT_SIZES)
    assert filled.development.size_tokens == bands.DEFAULT_SIZES["M"].triple
    assert fill_size(filled, {}) == filled
