"""A person's own inbox over the API; programs and other people have none of it."""

import pytest

from apps.access.roles import Role
from apps.notifications.models import Notification
from apps.notifications.services import notify

pytestmark = pytest.mark.django_db
URL = "/api/v1/notifications/"


@pytest.fixture
def told(world):
    org = world.a
    person = org.person(Role.CFO)
    with org.scope():
        notify(
            recipients=[person.membership.id],
            kind="approval.waiting",
            key="approval:1",
            title="TS-0142 waits for you",
            body="$4,000 a month",
            path=org.url("portal:home"),
        )
        return org, Notification.objects.get()


def call(org, role, method, url):
    headers = {"X-TokenOps-Organization": org.slug}
    return getattr(org.client(role), method)(url, headers=headers)


def test_it_is_listed_and_marked_as_read(told):
    org, notification = told
    (one,) = call(org, Role.CFO, "get", URL).json()["results"]
    assert (one["id"], one["title"], one["read_at"]) == (
        str(notification.id),
        "TS-0142 waits for you",
        None,
    )
    read = call(org, Role.CFO, "post", f"{URL}{notification.id}/read/")
    assert read.json()["read_at"] is not None


def test_nobody_else_reads_it(told, client):
    org, notification = told
    assert call(org, Role.CIO, "get", URL).json()["results"] == []
    assert call(org, Role.CIO, "post", f"{URL}{notification.id}/read/").status_code == 404
    assert client.get(URL, headers=org.key_headers).json().get("results", []) == []
    with org.scope():
        assert Notification.objects.get().read_at is None
