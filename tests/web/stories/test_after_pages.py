"""Pages after the approval: accuracy, planning gap, initiatives; and the same over the API."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.access.roles import Role
from apps.stories.models import Initiative
from tests.factories.stories import make_submitted

pytestmark = pytest.mark.django_db


def test_empty_pages_say_what_will_be_there(web):
    page = web.author.get(web.org.url("stories:accuracy")).content.decode()
    assert "Nothing to compare yet" in page
    page = web.author.get(web.org.url("stories:gaps")).content.decode()
    assert "Everything that runs is planned" in page


def test_initiatives_are_imported_filtered_and_exported(web):
    url = web.org.url("stories:initiatives")
    table = b"key,title,team\nCLM-42,Triage,Platform\n"
    answer = web.author.post(url, {"file": SimpleUploadedFile("t.csv", table)})
    assert answer.status_code == 302
    gaps = web.org.url("stories:gaps")
    assert "CLM-42 Triage" in web.author.get(gaps + "?kind=initiative").content.decode()
    assert "CLM-42" not in web.author.get(gaps + "?kind=no_phase").content.decode()
    answer = web.author.get(gaps + "?format=csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [(row["What"], row["Team"]) for row in rows] == [("CLM-42 Triage", "Platform")]
    bad = web.author.post(url, {"file": SimpleUploadedFile("t.csv", b"key,title\nA,\n")})
    assert bad.status_code == 422
    assert "Row 2: title is not usable." in bad.content.decode()
    assert web.org.client(Role.VIEWER).get(url).status_code == 403
    with web.org.scope():
        assert Initiative.objects.count() == 1


def test_the_api_says_the_same(web, client):
    with web.org.scope():
        story = make_submitted(web.org.actor(Role.UNIT_LEAD), web.unit_id)
    headers = web.org.key_headers
    base = "/api/v1/stories/"
    body = {"table": "key,title\nA-1,Something\n"}
    sent = client.post(
        f"{base}initiatives/", body, content_type="application/json", headers=headers
    )
    assert sent.json() == {"new": 1, "changed": 0, "same": 0}
    gaps = client.get(f"{base}gaps/", headers=headers).json()["results"]
    assert [gap["subject"] for gap in gaps] == ["A-1 Something"]
    assert client.get(f"{base}accuracy/", headers=headers).json() == {
        "stories": [],
        "teams": [],
        "kinds": [],
    }
    assert client.get(f"{base}{story.ref}/true-up/report/", headers=headers).json() == {
        "months": [],
        "phases": [],
        "by_month": [],
        "effects": None,
        "forecast": None,
    }
    refused = client.post(
        f"{base}initiatives/", {"table": "x"}, content_type="application/json", headers=headers
    )
    assert refused.status_code == 422
