"""The discussion of a story over the API."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.access.roles import Role
from apps.discussions.models import Attachment
from tests.factories.stories import make_story

pytestmark = pytest.mark.django_db


def test_the_whole_of_it(world, client):
    org = world.a
    org.units  # noqa: B018 -- made before the story
    with org.scope():
        story = make_story(org.actor(Role.UNIT_LEAD), org.units["platform"].id)
    base, headers = f"/api/v1/stories/{story.ref}/", org.key_headers

    def send(method, path, data=None):
        return getattr(client, method)(
            base + path, data, content_type="application/json", headers=headers
        )

    said = send("post", "comments/", {"text": "CI ran the suite: 1.2 M tokens."})
    assert said.status_code == 201, said.content
    item = send("post", "work-items/", {"url": "https://acme.atlassian.net/browse/CLM-42"})
    assert (item.json()["label"], item.json()["tracker"]) == ("CLM-42", "jira")
    file = client.post(
        f"{base}files/",
        {"file": SimpleUploadedFile("runs.csv", b"run,tokens\n1,9\n")},
        headers=headers,
    )
    assert file.status_code == 201, file.content
    everything = send("get", "discussion/").json()
    assert [c["text"] for c in everything["comments"]] == ["CI ran the suite: 1.2 M tokens."]
    assert [f["name"] for f in everything["files"]] == ["runs.csv"]
    assert send("get", f"files/{file.json()['id']}/").content == b"run,tokens\n1,9\n"
    assert send("delete", f"work-items/{item.json()['id']}/").status_code == 204
    assert send("delete", f"work-items/{item.json()['id']}/").status_code == 404
    refused = client.post(
        f"{base}files/", {"file": SimpleUploadedFile("x.exe", b"MZ")}, headers=headers
    )
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "file"
    with org.scope():
        assert Attachment.objects.count() == 1
