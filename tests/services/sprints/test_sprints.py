"""Sprints: the calendar, who is in them, forecast against use, and what moved."""

from datetime import UTC, date, datetime

import pytest

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalRequest
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.sprints import rules, services
from apps.sprints.models import Sprint, SprintStory
from apps.sprints.retro import difference_words, headline, markdown
from apps.sprints.rules import Dates
from apps.sprints.selectors import sprint_by_id
from apps.sprints.selectors.standing import Amount, standing, standings
from apps.stories.models import TokenStory
from apps.trail.models import TrailEvent
from tests.factories.portfolio import make_capability
from tests.factories.stories import make_prices, make_submitted
from tests.factories.usage import spend

NOW = datetime(2026, 11, 10, 9, tzinfo=UTC)
WITHIN = datetime(2027, 2, 8, 9, tzinfo=UTC)
AFTER = datetime(2027, 2, 20, 9, tzinfo=UTC)
FEBRUARY = Amount(876_200_000, 2_538_174_240_000)


@pytest.fixture
def side(world):
    for role in (Role.UNIT_LEAD, Role.TOKENOPS_LEAD, Role.CFO, Role.CIO, Role.VIEWER):
        world.a.person(role)
    with clock.at(NOW):
        yield world.a


@pytest.fixture
def sprint(side):
    """Half of February 2027, of the unit above the stories' team."""
    with side.scope():
        wanted = rules.series(date(2027, 2, 1), 1, 2, "Sprint", 1)
        return services.add_sprints(
            actor=side.actor(Role.UNIT_LEAD), unit_id=side.units["platform"].id, wanted=wanted
        )[0]


@pytest.fixture
def story(side):
    with side.scope():
        make_prices()
        return make_submitted(side.actor(Role.TOKENOPS_LEAD), side.units["core"].id)


def look(side, sprint, at=AFTER, role=Role.TOKENOPS_LEAD):
    with clock.at(at), side.scope():
        return standing(side.actor(role), sprint_by_id(side.actor(role), sprint.id))


def written(side):
    with side.scope():
        rows = list(Sprint.objects.values_list("name", "starts_on", "version"))
        return rows, SprintStory.objects.count(), TrailEvent.objects.count()


def test_the_forecast_is_the_months_plan_by_days(side, sprint, story):
    found = look(side, sprint, at=WITHIN)
    line = found.lines[0]
    assert (line.story.id, line.by_hand, [p.phase for p in line.phases]) == (
        story.id,
        False,
        ["production"],
    )
    with side.scope():
        plan = TokenStory.objects.get(id=story.id)
    assert found.forecast == Amount(plan.month_tokens // 2, 1_269_087_120_000)
    assert found.through == date(2027, 2, 8)
    assert found.expected == Amount(plan.month_tokens // 4, 634_543_560_000)
    assert sum(day.tokens for day, _ in found.daily.values()) == found.forecast.tokens
    assert (found.used, line.used) == (Amount(), None)
    early = look(side, sprint, at=NOW)
    assert (early.used, early.expected, early.begun) == (None, Amount(), False)


def test_use_against_the_forecast_by_phase_and_what_moved(side, sprint, story):
    with clock.at(AFTER), side.scope():
        spend(date(2027, 2, 2), 500 * 10**9, tokens=40_000_000, story=story.ref)
        spend(date(2027, 2, 14), 900 * 10**9, tokens=900, story=story.ref)
        spend(date(2027, 2, 3), 7 * 10**9, tokens=70, story=story.ref, phase="testing")
        spend(date(2027, 2, 15), 11 * 10**9, tokens=1, story=story.ref)
    found = look(side, sprint)
    line = found.lines[0]
    assert line.used == found.used == Amount(40_000_970, 1_407 * 10**9)
    assert {p.phase: p.used for p in line.phases} == {
        "testing": Amount(70, 7 * 10**9),
        "production": Amount(40_000_900, 1_400 * 10**9),
    }
    assert line.difference.nanos == 1_407 * 10**9 - 1_269_087_120_000
    assert sum(line.drivers.parts.values()) == 1_400 * 10**9 - 1_269_087_120_000
    text = markdown(found, "USD")
    assert text.startswith("# Sprint 1 used 40.0 M tokens, −91% against its forecast\n")
    assert f"| {story.ref} " in text
    assert "## What moved production's cost" in text
    assert difference_words(line, "USD") in text
    running = look(side, sprint, at=WITHIN)
    assert running.used == Amount(40_000_070, 507 * 10**9)


def test_a_capabilitys_use_is_its_storys_since_the_approval(side, sprint):
    with side.scope():
        make_prices()
        capability = make_capability(unit_id=side.units["core"].id)
        with clock.at(AFTER):
            for day in (2, 3):
                spend(date(2027, 2, day), 5 * 10**9, tokens=50, capability=capability.slug)
        story = make_submitted(
            side.actor(Role.TOKENOPS_LEAD), side.units["core"].id, capability_id=capability.id
        )
        request = ApprovalRequest.objects.get(subject_id=story.id)
        for role in (Role.CIO, Role.CFO):
            request.refresh_from_db()
            if request.status == "pending":
                approvals.decide(
                    actor=side.actor(role),
                    request_id=request.id,
                    version=request.version,
                    decision="approve",
                )
        TokenStory.objects.filter(id=story.id).update(
            approved_at=datetime(2027, 2, 3, 12, tzinfo=UTC),
            approved_revision_id=story.current_revision_id,
        )
    line = look(side, sprint).lines[0]
    assert (line.source, line.used) == ("capability", Amount(50, 5 * 10**9))


def test_stories_in_and_out_by_hand(side, sprint, story):
    with side.scope():
        lead, early = (
            side.actor(Role.UNIT_LEAD),
            make_submitted(side.actor(Role.TOKENOPS_LEAD), side.units["claims"].id),
        )
        with pytest.raises(NotFound):
            services.choose_story(actor=lead, sprint_id=sprint.id, story_id=early.id, is_in=True)
        boss = side.actor(Role.TOKENOPS_LEAD)
        services.choose_story(actor=boss, sprint_id=sprint.id, story_id=early.id, is_in=True)
        services.choose_story(actor=lead, sprint_id=sprint.id, story_id=story.id, is_in=False)
        before = TrailEvent.objects.count()
        services.choose_story(actor=lead, sprint_id=sprint.id, story_id=story.id, is_in=False)
        assert TrailEvent.objects.count() == before
    found = look(side, sprint)
    assert [(line.story.id, line.by_hand) for line in found.lines] == [(early.id, True)]
    assert [s.id for s in found.taken_out] == [story.id]
    with side.scope():
        for one in (early, story):
            services.choose_story(actor=boss, sprint_id=sprint.id, story_id=one.id, is_in=None)
        assert not SprintStory.objects.exists()
    assert [line.story.id for line in look(side, sprint).lines] == [story.id]


def test_sprints_of_a_team_do_not_overlap(side, sprint):
    before = written(side)
    with side.scope():
        lead, unit = side.actor(Role.UNIT_LEAD), side.units["platform"].id
        clash = Dates("Two", date(2027, 2, 14), date(2027, 2, 20))
        with pytest.raises(Invalid) as refused:
            services.add_sprints(
                actor=lead,
                unit_id=unit,
                wanted=[Dates("Fine", date(2027, 3, 1), date(2027, 3, 8)), clash],
            )
        assert refused.value.errors[0].message == "Two overlaps Sprint 1."
        for count in (0, rules.MOST_SPRINTS + 1):
            with pytest.raises(Invalid):
                services.add_sprints(
                    actor=lead,
                    unit_id=unit,
                    wanted=rules.series(date(2028, 1, 3), count, 1, "S", 1),
                )
    assert written(side) == before
    with side.scope():
        services.add_sprints(actor=lead, unit_id=side.units["core"].id, wanted=[clash])
        assert Sprint.objects.count() == 2


def test_changing_and_removing(side, sprint):
    with side.scope():
        lead = side.actor(Role.UNIT_LEAD)
        values = {"name": "One", "starts_on": sprint.starts_on, "ends_on": date(2027, 2, 22)}
        made = services.change_sprint(
            actor=lead, sprint_id=sprint.id, version=1, goal="Pilot", **values
        )
        assert (made.name, made.days, made.version) == ("One", 21, 2)
    before = written(side)
    with side.scope():
        for call in (
            lambda: services.change_sprint(actor=lead, sprint_id=sprint.id, version=1, **values),
            lambda: services.remove_sprint(actor=lead, sprint_id=sprint.id, version=1),
        ):
            with pytest.raises(Conflict, match="changed this sprint"):
                call()
    assert written(side) == before
    with side.scope():
        services.remove_sprint(actor=lead, sprint_id=sprint.id, version=2)
        assert not Sprint.objects.exists()
        event = TrailEvent.objects.get(action="sprint.removed")
    assert event.before["to"] == "2027-02-21"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CFO])
def test_who_reads_does_not_plan(side, sprint, story, role):
    side.person(Role.UNIT_LEAD, "claims")
    before = written(side)
    with side.scope():
        actor = side.actor(role)
        for call in (
            lambda: services.add_sprints(
                actor=actor,
                unit_id=side.units["core"].id,
                wanted=rules.series(date(2027, 2, 1), 1, 2, "S", 1),
            ),
            lambda: services.remove_sprint(actor=actor, sprint_id=sprint.id, version=1),
            lambda: services.choose_story(
                actor=actor, sprint_id=sprint.id, story_id=story.id, is_in=False
            ),
            lambda: services.change_sprint(
                actor=actor, sprint_id=sprint.id, version=1, name="X",
                starts_on=sprint.starts_on, ends_on=sprint.ends_on,
            ),
        ):  # fmt: skip
            with pytest.raises(Forbidden):
                call()
    with side.scope(), pytest.raises(NotFound):
        services.remove_sprint(
            actor=side.actor(Role.UNIT_LEAD, "claims"), sprint_id=sprint.id, version=1
        )
    assert written(side) == before


def test_text_of_people_stays_text_in_the_retro(side, sprint):
    with side.scope():
        Sprint.objects.filter(id=sprint.id).update(name="# A | B", goal="[x](http://y) <img>")
        sprint.refresh_from_db()
    found = look(side, sprint)
    assert headline(found) == "# A | B has no story"
    text = markdown(found, "USD")
    assert "# \\# A \\| B has no story" in text
    assert "\\[x\\](http://y) \\<img\\>" in text


def test_many_sprints_in_a_fixed_number_of_questions(side, story, django_assert_max_num_queries):
    with side.scope():
        made = services.add_sprints(
            actor=side.actor(Role.TOKENOPS_LEAD),
            unit_id=side.units["root"].id,
            wanted=rules.series(date(2027, 1, 4), 20, 2, "S", 1),
        )
    with clock.at(AFTER), side.scope():
        actor = side.actor(Role.TOKENOPS_LEAD)
        with django_assert_max_num_queries(10):
            found = standings(actor, made)
    assert sum(bool(one.lines) for one in found.values()) == 20
