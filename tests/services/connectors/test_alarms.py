"""Answers in another shape: an alarm, not a broken pull, unless figures would be wrong."""

import json
from datetime import timedelta

import httpx
import pytest
import time_machine

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden, NotFound
from apps.connectors import selectors, services
from apps.connectors.enums import RunStatus, SchemaChange
from apps.connectors.models import PullRun, SchemaAlarm
from apps.connectors.services import pull_source
from apps.connectors.services.guards import TROUBLE
from apps.connectors.tasks import tell_about_trouble
from apps.ledger.models import UsageRecord
from apps.notifications.models import Notification
from apps.outbox.models import OutboxMessage
from apps.outbox.registry import Message
from apps.trail.models import TrailEvent
from tests.factories.connectors import NOW, Provider, make_source
from tokenops.simulator.http import Request

pytestmark = pytest.mark.django_db
USAGE = "/v1/organizations/usage_report/messages"


@pytest.fixture
def org(world):
    return world.a


@pytest.fixture
def source(org):
    with time_machine.travel(NOW, tick=False), org.scope():
        return make_source("anthropic", history_from=NOW.date())


def changing(change):
    """The simulated provider, whose usage rows are changed on the way."""
    provider = Provider()

    def interfere(request, _call):
        if request.url.path != USAGE:
            return None
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = provider.simulator.answer(Request.of(request.url.raw_path.decode(), headers))
        body = json.loads(answer.encode())
        for bucket in body["data"]:
            for row in bucket["results"]:
                change(row)
        return httpx.Response(200, json=body)

    provider.interfere = interfere
    return provider


def pull(org, source, provider, at=NOW):
    provider.now = at
    with time_machine.travel(at, tick=False):
        outcome = pull_source(
            organization_id=org.organization.id,
            source_id=source.id,
            transport=provider,
            sleep=lambda _seconds: None,
        )
    with org.scope():
        return PullRun.objects.get(id=outcome.run_id)


def test_documented_answers_raise_nothing(org, source):
    assert pull(org, source, Provider()).status == RunStatus.SUCCEEDED
    with time_machine.travel(NOW, tick=False), org.scope():
        openai = make_source("openai", history_from=NOW.date())
    assert pull(org, openai, Provider()).status == RunStatus.SUCCEEDED
    with org.scope():
        assert list(SchemaAlarm.objects.values_list("endpoint", "field")) == []


def test_a_new_field_is_named_once_and_the_pull_goes_on(org, source):
    provider = changing(lambda row: row.update(video_tokens=5))
    run = pull(org, source, provider)
    assert run.status == RunStatus.SUCCEEDED
    with org.scope():
        assert UsageRecord.objects.count() == run.rows_new > 0
        alarm = SchemaAlarm.objects.get()
        assert (alarm.endpoint, alarm.field) == (USAGE, "data[].results[].video_tokens")
        assert (alarm.change, alarm.touches_figures) == (SchemaChange.UNKNOWN, True)
        event = TrailEvent.objects.get(action="source.schema_changed")
        assert event.after["fields"] == [f"{USAGE}: data[].results[].video_tokens (unknown)"]
    pull(org, source, provider, NOW + timedelta(hours=1))
    with org.scope():
        again = SchemaAlarm.objects.get()
        assert (again.first_seen, again.last_seen) == (
            alarm.first_seen,
            alarm.first_seen + timedelta(hours=1),
        )
        assert TrailEvent.objects.filter(action="source.schema_changed").count() == 1
        waiting = OutboxMessage.objects.filter(topic=TROUBLE)
        message = Message(waiting.get().id, org.organization.id, TROUBLE, "", waiting.get().payload,
                          0, NOW)  # fmt: skip
    lead, viewer = (org.person(role).membership for role in (Role.TOKENOPS_LEAD, Role.VIEWER))
    for _ in range(2):
        tell_about_trouble(message)
    with org.scope():
        told = Notification.objects.values_list("title", "path")
        [(title, path)] = set(told)
        assert title == f"{source.name} answers in another shape"
        assert path == org.url("connectors:alarms", source.id)
        people = list(Notification.objects.values_list("membership_id", flat=True))
        assert lead.id in people
        assert viewer.id not in people
        assert len(people) == len(set(people)) == len(told)


def test_a_missing_dimension_is_an_alarm_only(org, source):
    run = pull(org, source, changing(lambda row: row.pop("service_tier")))
    assert run.status == RunStatus.SUCCEEDED
    with org.scope():
        alarm = SchemaAlarm.objects.get()
        assert (alarm.field, alarm.change) == (
            "data[].results[].service_tier",
            SchemaChange.MISSING,
        )
        assert not alarm.touches_figures


def test_a_missing_counter_stops_the_pull_and_is_named(org, source):
    run = pull(org, source, changing(lambda row: row.pop("cache_read_input_tokens")))
    assert (run.status, run.error_code) == (RunStatus.FAILED, "malformed")
    assert "cache_read_input_tokens" in run.error
    with org.scope():
        assert UsageRecord.objects.count() == 0
        alarm = SchemaAlarm.objects.get()
        assert (alarm.change, alarm.touches_figures) == (SchemaChange.MISSING, True)


def test_an_alarm_is_acknowledged_once_by_somebody_who_may(world, org, source):
    pull(org, source, changing(lambda row: row.update(video_tokens=5)))
    with org.scope():
        alarm = SchemaAlarm.objects.get()
        actor = system_actor("tests")
        given = {"source_id": source.id, "alarm_id": alarm.id}
        with pytest.raises(Forbidden):
            services.acknowledge_alarm(actor=org.person(Role.AUDITOR).actor, **given)
        assert selectors.open_alarms(source.id) == 1
        done = services.acknowledge_alarm(actor=actor, note="Asked the provider", **given)
        assert (done.note, done.acknowledged_by) == ("Asked the provider", actor.name)
        with pytest.raises(Conflict):
            services.acknowledge_alarm(actor=actor, **given)
        assert selectors.open_alarms(source.id) == 0
        assert TrailEvent.objects.filter(action="source.alarm_acknowledged").count() == 1
    pull(org, source, changing(lambda row: row.update(video_tokens=5)), NOW + timedelta(hours=1))
    with org.scope():
        assert selectors.open_alarms(source.id) == 0
    with world.b.scope(), pytest.raises(NotFound):
        services.acknowledge_alarm(actor=system_actor("tests"), **given)
