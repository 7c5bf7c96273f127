"""Making and changing sources: rights, evidence, conflicts, credentials."""

from datetime import date, timedelta

import pytest

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid, NotFound
from apps.connectors import crypto, selectors, services
from apps.connectors.enums import SourceKind, SourceStatus
from apps.connectors.models import ProviderCost, Source
from apps.connectors.providers.base import CostLine
from apps.connectors.services.store import store_costs
from apps.ledger.models import SourceCoverage
from apps.outbox.models import OutboxMessage
from apps.trail.models import TrailEvent
from tests.factories.connectors import KEYS, make_source

pytestmark = pytest.mark.django_db


@pytest.fixture
def org(world):
    return world.a


@pytest.fixture
def source(org):
    with org.scope():
        return make_source("openai", name="OpenAI", history_from=clock.today())


def test_a_new_source_is_due_and_a_worker_is_woken(org, source):
    with org.scope():
        assert selectors.due_sources(clock.now()) == [source.id]
        message = OutboxMessage.objects.get(topic="source.pull_requested")
        assert message.payload["source_id"] == str(source.id)
        assert TrailEvent.objects.get(action="source.added").object_id == source.id


def test_the_credential_is_ciphertext_everywhere(org, source):
    secret = KEYS["openai"]
    with org.scope():
        stored = Source.objects.values().get(id=source.id)
        assert secret not in str(stored)
        assert crypto.decrypt(stored["credential"]) == secret
        assert secret not in str(list(TrailEvent.objects.values()))
        assert secret not in str(list(OutboxMessage.objects.values()))


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.VIEWER, Role.MEMBER])
def test_without_the_right_nothing_happens(org, source, role):
    actor = org.person(role).actor
    with org.scope():
        for act in (
            lambda: services.create_source(actor=actor, name="x", kind="openai"),
            lambda: services.change_source(actor=actor, source_id=source.id, version=1, name="x"),
            lambda: services.pause_source(actor=actor, source_id=source.id, version=1),
            lambda: services.request_pull(actor=actor, source_id=source.id),
            lambda: services.replace_credential(
                actor=actor, source_id=source.id, version=1, credential="sk-admin-other"
            ),
        ):
            with pytest.raises(Forbidden):
                act()
        assert list(Source.objects.values_list("name", "version")) == [("OpenAI", 1)]


def test_every_wrong_field_is_named_at_once(org):
    with org.scope(), pytest.raises(Invalid) as caught:
        make_source("openai", name=" ", base_url="http://10.0.0.1", schedule_minutes=1)
    assert [e.field for e in caught.value.errors] == ["name", "base_url", "schedule_minutes"]


def test_names_are_unique_whatever_their_case(org, source):
    with org.scope():
        with pytest.raises(Conflict):
            make_source("anthropic", name="OPENAI")
        other = make_source("anthropic", name="Other")
        with pytest.raises(Conflict):
            services.change_source(
                actor=system_actor("tests"), source_id=other.id, version=1, name="openai"
            )


def test_the_account_is_fixed_once_usage_was_read(org, source):
    actor = system_actor("tests", org.organization.id)
    with org.scope():
        changed = services.change_source(
            actor=actor, source_id=source.id, version=1, account="acct-1"
        )
        assert (changed.account, changed.version) == ("acct-1", 2)
        Source.objects.filter(id=source.id).update(cursor=clock.now())
        with pytest.raises(Invalid) as caught:
            services.change_source(actor=actor, source_id=source.id, version=2, account="acct-2")
        assert caught.value.errors[0].field == "account"


def test_a_change_tells_what_changed_and_nothing_else(org, source):
    actor = system_actor("tests", org.organization.id)
    with org.scope():
        services.change_source(actor=actor, source_id=source.id, version=1, schedule_minutes=60)
        event = TrailEvent.objects.get(action="source.changed")
        assert (event.before, event.after) == (
            {"schedule_minutes": 15},
            {"schedule_minutes": 60},
        )
        services.change_source(actor=actor, source_id=source.id, version=2, schedule_minutes=60)
        assert TrailEvent.objects.filter(action="source.changed").count() == 1


def test_pausing_takes_the_source_off_and_resuming_puts_it_back(org, source):
    actor = system_actor("tests", org.organization.id)
    with org.scope():
        paused = services.pause_source(actor=actor, source_id=source.id, version=1, reason="Move")
        assert selectors.due_sources(clock.now() + timedelta(days=1)) == []
        assert SourceCoverage.objects.get(source_id=source.id).is_active is False
        with pytest.raises(Conflict):
            services.pause_source(actor=actor, source_id=source.id, version=2)
        resumed = services.resume_source(actor=actor, source_id=source.id, version=paused.version)
        assert resumed.status == SourceStatus.ACTIVE
        assert SourceCoverage.objects.get(source_id=source.id).is_active is True


def test_another_credential_unblocks(org, source):
    actor = system_actor("tests", org.organization.id)
    with org.scope():
        Source.objects.update(status=SourceStatus.BLOCKED, failures=3, last_error="refused")
        changed = services.replace_credential(
            actor=actor, source_id=source.id, version=1, credential="sk-admin-another-1"
        )
        assert (changed.status, changed.failures, changed.last_error) == ("active", 0, "")


def test_reading_again_moves_the_start_back(org, source):
    actor = system_actor("tests", org.organization.id)
    first = clock.today() - timedelta(days=40)
    with org.scope():
        Source.objects.update(settled_through=clock.now())
        changed = services.read_again(actor=actor, source_id=source.id, from_day=first)
        assert (changed.history_from, changed.settled_through.date()) == (first, first)
        with pytest.raises(Invalid):
            services.read_again(actor=actor, source_id=source.id, from_day=date(2001, 1, 1))


def test_an_intake_source_is_made_once_and_never_pulled(org):
    actor = system_actor("tests", org.organization.id)
    with org.scope():
        made = services.intake_source(actor=actor, kind=SourceKind.CSV, name="CSV files")
        again = services.intake_source(actor=actor, kind=SourceKind.CSV, name="csv FILES ")
        assert made.id == again.id
        assert selectors.due_sources(clock.now() + timedelta(days=1)) == []
        with pytest.raises(Conflict):
            services.request_pull(actor=actor, source_id=made.id)


def test_credentials_move_to_the_new_key(org, source, settings):
    settings.FIELD_KEYS = ["bmV3LWtleS1uZXcta2V5LW5ldy1rZXktbmV3LWtleSE=", *settings.FIELD_KEYS]
    with org.scope():
        assert services.reencrypt_credentials().count == 1
        settings.FIELD_KEYS = settings.FIELD_KEYS[:1]
        assert crypto.decrypt(Source.objects.get().credential) == KEYS["openai"]


def test_another_organizations_source_does_not_exist(world, source):
    actor = system_actor("tests", world.b.organization.id)
    with world.b.scope(), pytest.raises(NotFound):
        services.request_pull(actor=actor, source_id=source.id)


def test_the_bill_keeps_what_it_said_first(org, source):
    def line(nanos, item="gpt-5, input"):
        return CostLine(date(2026, 11, 1), "proj", item, nanos, "USD", quantity=nanos)

    with org.scope():
        assert (
            store_costs(source, [line(100), line(50), line(7, "gpt-5, output")], clock.now()) == 2
        )
        assert store_costs(source, [line(150), line(7, "gpt-5, output")], clock.now()) == 0
        assert store_costs(source, [line(160)], clock.now()) == 1
        row = ProviderCost.objects.get(line_item="gpt-5, input")
        assert (row.first_nanos, row.amount_nanos, row.revisions) == (150, 160, 1)
        assert sum(ProviderCost.objects.values_list("amount_nanos", flat=True)) == 167
