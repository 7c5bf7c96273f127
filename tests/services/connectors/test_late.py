"""A source whose data ends long before now is told within hours, whatever stopped it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.connectors.enums import SourceStatus
from apps.connectors.models import Source
from apps.ledger.quality import services
from apps.ledger.quality.models import QualityAlert
from tests.factories.connectors import make_source

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def alerts():
    return list(QualityAlert.objects.filter(kind="late"))


def changed(source, **values):
    Source.objects.filter(id=source.id).update(**values)


def test_data_that_stays_behind_is_told_with_the_last_error_and_resolves(world):
    with world.a.scope():
        source = make_source(name="OpenAI main")
        read = {"last_success_at": NOW, "settled_through": NOW - timedelta(days=3)}
        changed(source, cursor=NOW - timedelta(hours=7), **read)
        services.check()
        assert alerts() == []
        error = {"failures": 4, "last_error": "answered 503", "last_success_at": None}
        changed(source, cursor=NOW - timedelta(hours=8), **error)
        services.check()
        (alert,) = alerts()
        assert alert.title == "OpenAI main ends at 20 Nov, 04:00 UTC"
        assert alert.severity == "warn"
        assert "Its last error: answered 503" in alert.detail
        changed(source, status=SourceStatus.BLOCKED, cursor=NOW - timedelta(hours=40))
        services.check()
        assert [a.severity for a in alerts() if a.state == "open"] == ["bad"]
        changed(source, status=SourceStatus.PAUSED)
        services.check()
        assert all(a.state == "resolved" for a in alerts())


def test_a_source_that_reads_its_history_is_not_late(world):
    with world.a.scope():
        source = make_source(name="OpenAI main")
        past = NOW - timedelta(days=60)
        changed(source, cursor=past, settled_through=past, last_success_at=NOW)
        services.check()
        assert alerts() == []
        changed(source, last_success_at=NOW - timedelta(days=1))
        services.check()
        assert [alert.severity for alert in alerts()] == ["bad"]


def test_a_new_source_that_brings_nothing_is_told(world):
    with world.a.scope():
        source = make_source(name="OpenAI main")
        changed(source, created_at=NOW - timedelta(hours=9))
        services.check()
        assert [alert.title for alert in alerts()] == ["OpenAI main has brought nothing yet"]
