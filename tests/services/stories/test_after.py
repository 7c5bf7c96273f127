"""After the approval: true-up to the nano, accuracy, the band that is left, the planning gap."""

import datetime as dt
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalRequest
from apps.approvals.selectors import cap_refused, requests_of_subject
from apps.common import clock
from apps.common.errors import Forbidden, Invalid
from apps.discussions.services import link
from apps.stories import events, services
from apps.stories.enums import Phase
from apps.stories.estimator import exactly
from apps.stories.estimator.inputs import Development, Parts, Testing
from apps.stories.models import BandExit, Initiative
from apps.stories.selectors.accuracy import alike, by, cohort_of, over_time, records
from apps.stories.selectors.gaps import GapKind, planning_gaps
from apps.stories.selectors.progress import progress
from apps.stories.selectors.stories import story_by_id
from apps.stories.selectors.trueup import true_up
from apps.stories.services.band import watch_bands
from apps.stories.services.discussion import subject_of
from apps.stories.services.initiatives import Imported, import_initiatives
from apps.trail.models import TrailEvent
from tests.factories.ledger import take, usage
from tests.factories.portfolio import make_capability
from tests.factories.stories import make_plan

pytestmark = pytest.mark.django_db
FILED = datetime(2026, 8, 20, 12, tzinfo=UTC)
NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
LIKELY = 1_500_000_000
"""1,000 calls of 100 output tokens at $15 a million."""


def plan(desk, **changes):
    made = make_plan(desk.unit_id, title="Answers", cap_nanos=10**13, **changes)
    production = msgspec.structs.replace(
        made.assumptions.production,
        interactions=exactly(1_000),
        calls=exactly(1),
        parts=Parts(output=exactly(100)),
        cache_hit=exactly(0),
        retry=exactly(0),
    )
    assumptions = msgspec.structs.replace(
        made.assumptions,
        starts_on=dt.date(2026, 8, 1),
        live_on=dt.date(2026, 9, 1),
        production=production,
        development=Development(),
        testing=Testing(),
    )
    return replace(made, assumptions=assumptions)


def approved(desk, at=FILED):
    """A story of the plan, approved at an instant."""
    with clock.at(at):
        made = services.create_draft(actor=desk.author, plan=plan(desk))
        made = services.submit(actor=desk.author, story_id=made.id, version=made.version)
        return desk.decide(made, "approve")


@pytest.fixture
def story(desk):
    """Approved in August, live from September on."""
    made = approved(desk)
    with clock.at(FILED):
        services.start_delivery(actor=desk.author, story_id=made.id)
        services.go_live(actor=desk.author, story_id=made.id)
    return story_by_id(made.id)


def use(story, month, *, calls, output, phase="production"):
    """One day's bucket of calls that the caller gave to the story."""
    take(
        [
            usage(
                occurred_at=datetime(2026, month, 10, tzinfo=UTC),
                granularity="day",
                provider="atlas",
                model="medium",
                input_uncached=0,
                output=output,
                requests=calls,
                story=story.ref,
                phase=phase,
            )
        ]
    )


def test_half_more_calls_of_half_more_tokens(desk, story):
    use(story, 9, calls=1_500, output=225_000)
    with clock.at(NOW):
        found = true_up(story, progress(story))
    assert [str(month) for month in found.months] == ["2026-09"]
    assert found.drivers.change == 3_375_000_000 - LIKELY
    assert found.drivers.parts == {
        "volume": 937_500_000,
        "tokens_per_request": 937_500_000,
        "model_mix": 0,
        "caching": 0,
        "unit_price": 0,
    }
    (line,) = found.phases
    assert (line.label, line.tokens_estimated, line.tokens) == (
        Phase.PRODUCTION.label,
        100_000,
        225_000,
    )
    assert (line.cost_estimated, line.cost) == (LIKELY, 3_375_000_000)
    (september,) = found.by_month
    assert (september.phases, september.drivers.parts) == (found.phases, found.drivers.parts)
    assert found.forecast.measured == 3_375_000_000
    assert (found.forecast.months_measured, found.forecast.months_left) == (2, 2)


def test_each_month_is_told_apart_and_they_sum_to_the_whole(desk, story):
    use(story, 9, calls=1_500, output=225_000)
    use(story, 10, calls=1_000, output=100_000)
    with clock.at(datetime(2026, 11, 20, tzinfo=UTC)):
        found = true_up(story, progress(story))
    assert [str(each.month) for each in found.by_month] == ["2026-10", "2026-09"]
    assert [each.drivers.change for each in found.by_month] == [0, 3_375_000_000 - LIKELY]
    assert sum(each.phases[0].cost for each in found.by_month) == found.phases[0].cost
    assert found.drivers.change == sum(each.drivers.change for each in found.by_month)


def test_nothing_is_trued_up_before_a_whole_month(desk, story):
    with clock.at(datetime(2026, 9, 15, tzinfo=UTC)):
        use(story, 9, calls=10, output=1_000)
        assert true_up(story, progress(story)) is None
        assert records()[0].change is None


def test_accuracy_counts_whole_planned_months(desk, story):
    use(story, 9, calls=1_500, output=150_000)
    use(story, 10, calls=1_000, output=100_000)
    with clock.at(NOW):
        (record,) = records()
        assert [(str(o.month), o.measured) for o in record.months] == [
            ("2026-09", 2_250_000_000),
            ("2026-10", LIKELY),
        ]
        (team,) = by([record], lambda r: r.story.unit.name)
        assert (team.label, team.measured, team.cohort.count) == ("Platform", 3_750_000_000, 1)
        assert [month for month, _, _ in over_time([record])] == [o.month for o in record.months]
        likeness = cohort_of(alike(story.kind, story.pattern), story.kind, story.pattern)
        assert likeness.cohort.count == 1
        assert likeness.cohort.contingency is None
        assert alike(story.kind, story.pattern, exclude=story.id) == []


def test_calibration_reads_a_sample_whatever_the_number_of_stories(desk, story, monkeypatch):
    from apps.stories.selectors import accuracy

    use(story, 9, calls=1_500, output=150_000)
    newer = [approved(desk, FILED + dt.timedelta(days=n)) for n in (1, 2)]
    approved(desk, datetime(2026, 10, 2, tzinfo=UTC))
    for other in newer:
        use(other, 10, calls=100, output=1_000)
    monkeypatch.setattr(accuracy, "SAMPLE", 2)
    with clock.at(NOW):
        found = alike(story.kind, story.pattern)
        assert len(records()) == 4
        assert [r.story.id for r in found] == [newer[1].id, newer[0].id]
        assert "the latest 2" in cohort_of(found, story.kind, "").because
        with CaptureQueriesContext(connection) as caught:
            alike(story.kind, story.pattern)
        assert len(caught) <= 9


@pytest.fixture
def outside(desk, story):
    """October cost ten times its estimate; the watch has run."""
    use(story, 10, calls=10_000, output=1_000_000)
    with clock.at(NOW):
        assert (watch_bands(), watch_bands()) == (1, 0)
    return story


def test_leaving_the_band_asks_for_a_decision_once(desk, outside):
    exit_ = BandExit.objects.get()
    assert (exit_.month, exit_.measured_nanos) == (dt.date(2026, 10, 1), 15_000_000_000)
    assert exit_.p90_nanos < exit_.measured_nanos
    request = ApprovalRequest.objects.get(subject_type="story_band")
    assert (request.revision_id, request.amount_nanos) == (exit_.id, 15_000_000_000)
    assert cap_refused(request).startswith("The amount is what was spent already")
    assert request.title == "Answers: October 2026 above the approved band"
    assert TrailEvent.objects.filter(action=events.LEFT_BAND).count() == 1


@pytest.mark.parametrize(
    ("decision", "outcome"),
    [("approve", "accepted"), ("request_changes", "amend"), ("reject", "return")],
)
def test_the_decision_is_kept_and_moves_no_story(desk, outside, decision, outcome):
    request = ApprovalRequest.objects.get(subject_type="story_band")
    approvals.decide(
        actor=desk.approver,
        request_id=request.id,
        version=request.version,
        decision=decision,
        note="As agreed in the review.",
    )
    assert BandExit.objects.get().outcome == outcome
    outside.refresh_from_db()
    assert outside.status == "live"
    with clock.at(NOW):
        assert watch_bands() == 0
    assert requests_of_subject("story_band", outside.id).count() == 1


def test_within_the_band_nobody_is_asked(desk, story):
    use(story, 10, calls=1_000, output=100_000)
    with clock.at(NOW):
        assert watch_bands() == 0
    assert BandExit.objects.count() == 0


def test_the_gap_names_what_runs_without_a_story(desk, story):
    make_capability(unit_id=desk.unit_id, slug="shadow", name="Shadow tool")
    with clock.at(NOW):
        take([
            usage(occurred_at=NOW - dt.timedelta(days=2), provider="atlas", model="medium",
                  capability="shadow", input_uncached=0, output=1_000_000)
        ])  # fmt: skip
        gaps = planning_gaps(desk.author)
    assert [(g.kind, g.subject, g.cost_nanos) for g in gaps] == [
        (GapKind.NO_STORY, "Shadow tool", 15_000_000_000),
        (GapKind.NO_PHASE, f"{story.ref} Answers", None),
    ]
    assert gaps[1].detail == "Nothing for development and testing"
    outsider = desk.org.actor(Role.MEMBER, "claims")
    with clock.at(NOW):
        assert planning_gaps(outsider) == []


CSV = (
    "Key,Title,URL,Team\n"
    "CLM-42,Triage with a model,https://acme.atlassian.net/browse/CLM-42,Platform\n"
    "CLM-43,Letters,,\n"
)


def test_initiatives_are_gaps_until_a_story_links_to_them(desk, story):
    assert import_initiatives(actor=desk.author, text=CSV) == Imported(2, 0, 0)
    assert import_initiatives(actor=desk.author, text=CSV) == Imported(0, 0, 2)
    changed = CSV.replace("Letters", "Letters, weekly").replace("Letters, weekly", "Weekly letters")
    assert import_initiatives(actor=desk.author, text=changed) == Imported(0, 1, 1)

    def named():
        with clock.at(NOW):
            found = planning_gaps(desk.approver)
        return [g.subject for g in found if g.kind is GapKind.INITIATIVE]

    assert named() == ["CLM-42 Triage with a model", "CLM-43 Weekly letters"]
    link(
        actor=desk.author,
        subject=subject_of(story),
        url="https://acme.atlassian.net/browse/CLM-42",
    )
    assert named() == ["CLM-43 Weekly letters"]


@pytest.mark.parametrize(
    "text",
    ["", "name\nx\n", "key,title\n,No key\nA-1,\n", "key,title,url\nA-1,X,http://x.example\n"],
)
def test_a_bad_table_is_refused_whole(desk, text):
    good = "A-0,Fine,\n" if "url" in text else ""
    with pytest.raises(Invalid) as refused:
        import_initiatives(actor=desk.author, text=text + good)
    assert {error.field for error in refused.value.errors} == {"file"}
    assert Initiative.objects.count() == 0


def test_who_may_not_write_imports_nothing(desk):
    with pytest.raises(Forbidden):
        import_initiatives(actor=desk.org.actor(Role.VIEWER), text=CSV)
    assert Initiative.objects.count() == 0


def test_the_ratio_of_the_forecast_is_that_of_the_last_whole_months(desk, story):
    use(story, 10, calls=1_000, output=100_000)
    with clock.at(NOW):
        found = true_up(story, progress(story))
    line = next(p for p in progress(story).lines if str(p.month) == "2026-10")
    assert found.forecast.ratio == Decimal(LIKELY) / Decimal(line.cost_p50)
