"""Reporting value on the page and over the API."""

import datetime as dt

import pytest

from apps.access.roles import Role
from apps.approvals.services import decide
from apps.common import clock
from apps.stories.models import ValueReport
from tests.factories.stories import make_story, make_submitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(web):
    lead = web.org.actor(Role.UNIT_LEAD)
    with web.org.scope():
        story = make_submitted(lead, web.unit_id)
        decide(
            actor=web.org.actor(Role.CFO), request_id=story.request_id, version=1,
            decision="approve",
        )  # fmt: skip
    return story


def today():
    return clock.today().isoformat()


def test_the_tab_leads_to_the_form_and_shows_the_answer(web, story):
    tab = f"{web.org.url('stories:detail', story.ref)}?tab=value"
    url = web.org.url("stories:value", story.ref)
    assert url in web.author.get(tab).text
    assert url not in web.approver.get(tab).text
    assert "−4.5 minutes was expected" in web.author.get(url).text
    refused = web.author.post(url, {"measured_change": "-4", "measured_on": "2020-01-01",
                                    "note": "Counted."})  # fmt: skip
    assert refused.status_code == 422
    sent = web.author.post(url, {"measured_change": "−4", "measured_on": today(),
                                 "note": "Counted."})  # fmt: skip
    assert sent.url == tab
    page = web.approver.get(tab).text
    assert "Proven" in page
    assert "−4 of −4.5 minutes" in page


def test_who_may_not_report_is_refused_and_a_draft_has_nothing(web, story):
    url = web.org.url("stories:value", story.ref)
    body = {"measured_change": "-4", "measured_on": today(), "note": "Counted."}
    assert web.org.client(Role.VIEWER).post(url, body).status_code == 403
    with web.org.scope():
        draft = make_story(web.org.actor(Role.UNIT_LEAD), web.unit_id)
        assert not ValueReport.objects.exists()
    assert web.author.get(web.org.url("stories:value", draft.ref)).status_code == 409


def test_over_the_api(web, story, client):
    url = f"/api/v1/stories/{story.ref}/value/"
    headers = web.org.key_headers
    assert client.get(url, headers=headers).json() == {"state": "unmeasured", "reports": []}
    body = {"measured_change": "-1", "measured_on": today(), "note": "Counted."}
    made = client.post(url, body, content_type="application/json", headers=headers)
    assert (made.status_code, made.json()["outcome"]) == (201, "partly")
    assert made.json()["month"]["nanos"] == 6_860_000_000_000
    found = client.get(url, headers=headers).json()
    assert (found["state"], len(found["reports"])) == ("partly", 1)
    late = {**body, "measured_on": (clock.today() + dt.timedelta(days=3)).isoformat()}
    refused = client.post(url, late, content_type="application/json", headers=headers)
    assert refused.json()["errors"][0]["field"] == "measured_on"
