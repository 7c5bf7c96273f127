"""A month over its budget on the story, in the queue and over the API; the warning as forecast."""

import datetime as dt
from datetime import UTC, datetime

import pytest
import time_machine

from apps.access.roles import Role
from apps.approvals import services as approvals
from apps.approvals.models import ApprovalRequest
from apps.common.periods import month_of
from apps.stories import services
from apps.stories.models import BandExit, BandWarning
from apps.stories.selectors.accuracy import Outcome
from apps.stories.selectors.stories import story_by_id
from apps.stories.services.band import Overrun, ask_about
from tests.factories.stories import make_submitted

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 13, 12, tzinfo=UTC)
DOLLAR = 10**9


@pytest.fixture
def story(web):
    org = web.org
    assert org.key_headers
    with time_machine.travel(NOW, tick=False):
        with org.scope():
            made = make_submitted(org.actor(Role.UNIT_LEAD), web.unit_id)
            request = ApprovalRequest.objects.get(id=made.request_id)
            approvals.decide(
                actor=org.actor(Role.CFO),
                request_id=request.id,
                version=request.version,
                decision="approve",
            )
            services.start_delivery(actor=org.actor(Role.UNIT_LEAD), story_id=made.id)
            made = story_by_id(made.id)
        yield made


def text(client, url):
    response = client.get(url)
    assert response.status_code == 200, response.content.decode()[:1500]
    return response.content.decode()


def test_an_overrun_is_in_the_queue_with_what_it_does_to_the_budget(web, story, client):
    org = web.org
    with org.scope():
        month = Outcome(month_of(NOW.date()), 2_000 * DOLLAR, 2_500 * DOLLAR, 4_000 * DOLLAR)
        assert ask_about(story, month, Overrun(4_000 * DOLLAR, 6_100 * DOLLAR)) == 1
        request = ApprovalRequest.objects.get(subject_type="story_band")
    queue = text(web.approver, org.url("approvals:list"))
    assert "November 2026 over its budget" in queue
    assert "Over its budget" in queue
    page = text(web.approver, org.url("approvals:detail", request_id=request.id))
    for said in ("Effect on budgets", "Accept the overrun", "$2,100 over", "Nothing is stopped"):
        assert said in page, said
    shown = text(web.author, org.url("stories:detail", story.ref))
    assert "November 2026 has used up its budget of $4,000." in shown
    measured = text(web.author, org.url("stories:detail", story.ref) + "?tab=measured")
    assert "The re-approval" in measured
    url = f"/api/v1/stories/{story.ref}/band/"
    answer = client.get(url, headers=org.key_headers).json()
    assert answer["warning"] is None
    (exit_,) = answer["exits"]
    assert (exit_["cause"], exit_["outcome"], exit_["limit_nanos"]) == (
        "budget",
        "open",
        4_000 * DOLLAR,
    )
    viewer = org.client(Role.VIEWER)
    refused = viewer.post(
        org.url("approvals:decide", request_id=request.id), {"decision": "approve", "version": 1}
    )
    assert refused.status_code == 403
    with org.scope():
        assert BandExit.objects.get().outcome == "open"


def test_a_warning_says_that_it_is_a_forecast(web, story, client, world):
    org = web.org
    with org.scope():
        BandWarning.objects.create(
            story=story,
            revision_id=story.approved_revision_id,
            month=dt.date(2026, 11, 1),
            days=12,
            measured_nanos=1_440 * DOLLAR,
            low_nanos=3_200 * DOLLAR,
            likely_nanos=3_600 * DOLLAR,
            high_nanos=4_000 * DOLLAR,
            p90_nanos=2_500 * DOLLAR,
        )
    page = text(web.author, org.url("stories:detail", story.ref))
    assert "Forecast: November 2026 is on course to leave the approved band." in page
    assert "between $3,200 and $4,000 in four of five cases" in page
    url = f"/api/v1/stories/{story.ref}/band/"
    warning = client.get(url, headers=org.key_headers).json()["warning"]
    assert (warning["days"], warning["likely_nanos"]) == (12, 3_600 * DOLLAR)
    assert client.get(url, headers=world.b.key_headers).status_code == 404
