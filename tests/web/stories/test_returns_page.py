"""Stories without a return: the page, its file, the start page of the CFO, the API."""

import csv
import io

import pytest

from apps.access.roles import Role
from tests.factories.stories import make_submitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def doubtful(web):
    with web.org.scope():
        author = web.org.actor(Role.UNIT_LEAD)
        return (
            make_submitted(author, web.unit_id, title="Vague", value_change=None),
            make_submitted(author, web.unit_id, title="Hopeful", value_confidence="low"),
        )


def test_the_list_says_why_filters_and_exports(web, doubtful):
    url = web.org.url("stories:returns")
    page = web.approver.get(url).content.decode()
    assert "2 stories have no return to rely on" in page
    assert "No amount is set, so every submitted story that is not over is looked at." in page
    unsure = web.approver.get(f"{url}?doubt=unsure").content.decode()
    assert "Hopeful" in unsure
    assert "Vague" not in unsure
    answer = web.approver.get(f"{url}?format=csv&q=vague")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(row["Reference"], row["Why it is here"]) for row in rows] == [
        (doubtful[0].ref, "missing")
    ]


def test_an_empty_list_says_that_all_is_well(web):
    page = web.approver.get(web.org.url("stories:returns")).content.decode()
    assert "Every story states a return" in page
    assert "Nothing is in doubt" in page
    assert web.org.url("stories:value_policy") in page
    assert (
        web.org.url("stories:value_policy")
        not in web.author.get(web.org.url("stories:returns")).content.decode()
    )


def test_the_cfo_starts_with_it_and_the_planning_gap_leads_to_it(web, doubtful):
    home = web.approver.get(web.org.url("portal:home")).content.decode()
    assert "Stories without a return" in home
    assert "Value not stated in full" in home
    url = web.org.url("stories:returns")
    assert url in home
    assert url not in web.author.get(web.org.url("portal:home")).content.decode()
    assert url in web.author.get(web.org.url("stories:gaps")).content.decode()


def test_the_api_gives_the_same(web, doubtful, client):
    base, headers = "/api/v1/stories/returns/", web.org.key_headers
    rows = client.get(base, headers=headers).json()["results"]
    assert {row["story"]: row["doubts"][-1] for row in rows} == {
        doubtful[0].ref: "missing",
        doubtful[1].ref: "unsure",
    }
    only = client.get(f"{base}?doubt=unsure", headers=headers).json()["results"]
    assert [row["story"] for row in only] == [doubtful[1].ref]
    wrong = client.get(f"{base}?doubt=late", headers=headers)
    assert wrong.status_code == 422
    assert "overdue" in wrong.json()["errors"][0]["fix"]
