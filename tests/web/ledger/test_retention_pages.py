"""The retention page, its preview and its API."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from apps.access.roles import Role
from apps.ledger import services
from apps.ledger.selectors import retention
from tests.factories.ledger import take, usage

pytestmark = pytest.mark.django_db


@pytest.fixture
def side(world):
    old = timezone.now() - timedelta(days=400)
    with world.a.scope():
        take([usage(occurred_at=datetime(old.year, old.month, 3, tzinfo=UTC))])
        month, cfo = old.date().replace(day=1), world.a.actor(Role.CFO)
        settling = services.settle_period(actor=cfo, month=month, version=0)
        services.close_period(actor=cfo, month=month, version=settling.version, note="Done")
    return world.a


def test_the_setting_shows_what_would_go_before_it_is_saved(side):
    cfo, edit = side.client(Role.CFO), side.url("ledger:retention_edit")
    assert "removes nothing now" in cfo.get(edit).content.decode()
    shown = cfo.get(edit, {"months": "6"}).content.decode()
    assert "removes 1 records of 1 month, for good" in shown
    with side.scope():
        assert retention.retention().months is None
    assert cfo.post(edit, {"months": "1", "version": "0"}).status_code == 422
    assert side.client(Role.VIEWER).post(edit, {"months": "6"}).status_code == 403
    assert cfo.post(edit, {"months": "6", "version": "0"}).status_code == 302
    assert cfo.post(edit, {"months": "7", "version": "0"}).status_code == 409
    page = side.client(Role.VIEWER).get(side.url("ledger:retention"), {"state": "due"})
    assert "Goes at the next run" in page.content.decode()


def test_retention_over_the_api(side, client):
    path, headers = "/api/v1/retention/", side.key_headers
    found = client.get(path, {"months": 6}, headers=headers).json()
    assert (found["months"], found["results"][-1]["state"]) == (None, "due")
    body = {"months": 6, "version": 0}
    answer = client.put(path, body, "application/json", headers=headers)
    assert answer.status_code == 403  # closing the books stays with people
    with side.scope():
        assert retention.retention().version == 0
