"""What a pipeline is told: covered, not yet, or by nothing, and what to do."""

from datetime import UTC, date, datetime

import pytest

from apps.access.roles import Role
from apps.common import clock
from apps.common.errors import Invalid
from apps.organizations.selectors import actor_for_key
from apps.portfolio.services import create_capability
from apps.stories import services
from apps.stories.selectors.coverage import coverage, refs_in
from tests.factories.organizations import make_api_key
from tests.factories.usage import spend

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("branch", "refs"),
    [
        ("feature/TS-0142-triage", ["TS-0142"]),
        ("ts142", ["TS-0142"]),
        ("TS-7/TS-0007", ["TS-0007"]),
        ("fix/TS-1_and-ts-2", ["TS-0001", "TS-0002"]),
        ("facts-12", []),
        ("main", []),
        ("", []),
    ],
)
def test_references_in_a_branch(branch, refs):
    assert refs_in(branch) == refs


@pytest.fixture
def triage(desk):
    return create_capability(
        actor=desk.org.actor(Role.OWNER), name="Triage", kind="production", unit_id=desk.unit_id
    )


def test_an_approved_story_of_the_capability_covers_it(desk, triage):
    story = desk.draft(capability_id=triage.id)
    found = coverage(desk.author, capability="triage")
    assert (found.approved, found.story.ref) == (False, story.ref)
    assert found.detail.endswith("is a draft.")
    assert found.fix == "Submit it."
    services.submit(actor=desk.author, story_id=story.id, version=1)
    assert coverage(desk.author, capability="triage").fix == "Ask its approvers."
    done = desk.approved(capability_id=triage.id, title="Second")
    found = coverage(desk.author, capability="triage", branch="main")
    assert (found.approved, found.story.ref) == (True, done.ref)


def test_a_branch_names_its_story(desk, triage):
    done = desk.approved(title="Other")
    assert coverage(desk.author, branch=f"feature/{done.ref}").approved
    wrong = coverage(desk.author, capability="triage", branch=f"feature/{done.ref}")
    assert not wrong.approved
    assert "not Triage" in wrong.detail
    waiting = desk.submitted(title="Waiting")
    assert not coverage(desk.author, branch=waiting.ref.lower()).approved


def test_an_amendment_in_review_keeps_the_approval_and_closing_ends_it(desk):
    story = desk.resubmitted(desk.approved())
    assert story.status == "submitted"
    assert coverage(desk.author, branch=story.ref).approved
    closed = desk.approved(title="Closed")
    services.close(actor=desk.author, story_id=closed.id)
    assert not coverage(desk.author, branch=closed.ref).approved


def test_what_names_nothing_says_what_to_do(desk, triage):
    for asked, words in (
        ({"capability": "nothing"}, "there is no capability nothing."),
        ({"capability": "triage"}, "Triage has no Token Story."),
        ({"branch": "main"}, "the branch main names no story."),
        ({"branch": "TS-9999"}, "there is no TS-9999."),
    ):
        found = coverage(desk.author, **asked)
        assert (found.approved, found.detail, bool(found.fix)) == (False, words, True)
    with pytest.raises(Invalid):
        coverage(desk.author)


def test_use_over_its_budget_warns_with_amounts_for_those_who_see_budgets(desk, triage):
    story = desk.approved(capability_id=triage.id)
    ask = {"branch": story.ref}
    key, _ = make_api_key("Pipeline", scopes=["story.view"])
    with clock.at(datetime(2026, 12, 10, 9, tzinfo=UTC)):  # its budget begins with its plan
        assert coverage(desk.author, **ask).warning == ""
        spend(date(2026, 12, 9), 4_000 * 10**9, story=story.ref)
        assert coverage(desk.author, **ask).warning == ""  # the limit itself is within it
        spend(date(2026, 12, 9), 210 * 10**9, story=story.ref)
        found = coverage(desk.author, **ask)
        assert found.approved
        assert found.warning == f"{story.ref} has used $4,210 of $4,000 since 1 December 2026."
        assert coverage(actor_for_key(key), **ask).warning == (
            f"{story.ref} has used more since 1 December 2026 than its budget allows."
        )


def test_a_key_that_may_only_see_stories_can_ask(desk):
    story = desk.approved()
    key, _ = make_api_key("Pipeline", scopes=["story.view"])
    asked = coverage(actor_for_key(key), capability=story.capability.slug)
    assert (asked.approved, asked.story.ref) == (True, story.ref)
