"""Growth is told by rate, from the organization's own threshold on."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.common.ids import uuid7
from apps.ledger.quality import selectors, services
from apps.ledger.quality.growth import growth
from apps.ledger.quality.models import GrowthThreshold, QualityAlert
from apps.ledger.services import mark_coverage
from apps.trail.models import TrailEvent
from tests.factories.ledger import price, take, usage
from tests.factories.portfolio import make_capability

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
URL = "/api/v1/data-quality/growth-threshold/"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def side(world):
    world.a.person(Role.TOKENOPS_LEAD)
    world.a.person(Role.VIEWER)
    with world.a.scope():
        price("m1")
        source = uuid7()
        unit = world.a.units["core"].id
        for name in ("Claims", "Steady", "Young"):
            make_capability(name, slug=name.lower(), unit_id=unit)
        batch = []
        for back in range(1, 57):
            at = NOW - timedelta(days=back)
            late = back <= 28
            sizes = {"claims": 600_000 if late else 400_000, "steady": 500_000}
            if back <= 40:
                sizes["young"] = 900_000 if late else 400_000
            batch += [
                usage(occurred_at=at, capability=slug, output=tokens, input_uncached=0)
                for slug, tokens in sizes.items()
            ]
        assert take(batch, source).errors == []
        mark_coverage(source_id=source, name="Gateway", complete_through=NOW)
    return world.a


def change(side, role=Role.TOKENOPS_LEAD, **fields):
    values = {"percent": 30, "least_tokens": 1_000, "version": 0}
    return services.set_growth_threshold(actor=side.actor(role), **values | fields)


def test_rate_not_level_raises_an_alert_once(side):
    with side.scope():
        team, found = growth()
        # The team's capability that began in the second week is use of a team that was there.
        assert team.title == "Core: tokens grew by 87% in four weeks"
        assert found.title == "Claims: tokens grew by 50% in four weeks"
        said = found.detail.replace("\u00a0", " ")
        assert "16.8 M tokens in 23 Oct – 19 Nov, after 11.2 M in 25 Sep – 22 Oct" in said
        services.check()
        services.check()
        row = QualityAlert.objects.get(kind="growth", title=found.title)
        assert (row.severity, row.state, row.raised) == ("warn", "open", 1)
        # The threshold decides: the alert of what stays below it resolves by itself.
        change(side, percent=60)
        services.check()
        states = QualityAlert.objects.filter(kind="growth").values_list("title", "state")
        assert dict(states) == {team.title: "open", found.title: "resolved"}


def test_off_and_a_larger_base_tell_nothing(side):
    with side.scope():
        change(side, percent=None)
        assert list(growth()) == []
        change(side, percent=10, least_tokens=40_000_000, version=1)
        assert list(growth()) == []


def test_the_threshold_is_changed_by_those_who_may_and_once(side):
    with side.scope():
        assert selectors.growth_threshold().percent == GrowthThreshold.PERCENT
        with pytest.raises(Forbidden):
            change(side, role=Role.VIEWER)
        for wrong in ({"percent": 0}, {"percent": 10_001}, {"least_tokens": -1}):
            with pytest.raises(Invalid):
                change(side, **wrong)
        assert not GrowthThreshold.objects.exists()
        assert change(side).version == 1
        with pytest.raises(Conflict):
            change(side, percent=90)
        with pytest.raises(Conflict):
            change(side, percent=90, version=2)
        assert selectors.growth_threshold().percent == 30
        event = TrailEvent.objects.get(action="quality.growth_threshold")
        assert event.after == {"percent": 30, "least_tokens": 1_000}


def test_over_the_api(side, client):
    headers = side.key_headers
    default = client.get(URL, headers=headers).json()
    assert default == {"percent": 50, "least_tokens": 10_000_000, "version": 0}

    def put(**fields):
        return client.put(
            URL, {**default, **fields}, content_type="application/json", headers=headers
        )

    assert put(percent=20).json() == {**default, "percent": 20, "version": 1}
    assert put(percent=25).status_code == 409
    assert put(percent=0, version=1).status_code == 422
    assert client.get(URL, headers=headers).json()["percent"] == 20


def test_the_page(side):
    url = side.url("quality:growth")
    lead = side.client(Role.TOKENOPS_LEAD)
    assert 'value="50"' in lead.get(url).content.decode()
    sent = lead.post(url, {"percent": "", "least_tokens": "5", "version": "0"}, follow=True)
    assert "Nobody is told of growth any more." in sent.content.decode()
    assert side.client(Role.VIEWER).get(url).status_code == 403
    with side.scope():
        assert selectors.growth_threshold().percent is None
