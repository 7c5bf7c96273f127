"""From the trail to the receiver: nothing missed, nothing before commit, nothing twice."""

import base64
import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import httpx
import pytest
import time_machine
from django.db import connection, transaction

from apps.access.roles import Role
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.notifications.models import Notification
from apps.outbox.models import OutboxMessage
from apps.outbox.rules import MAX_ATTEMPTS
from apps.trail.models import TrailEvent
from apps.webhooks import events, services
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.webhooks.services.sending import DeliveryFailed
from tests.factories.portfolio import make_capability
from tests.factories.webhooks import ADDRESS, Receiver, make_webhook

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def org(world):
    world.a.person(Role.ADMIN)
    world.a.units  # noqa: B018 -- made before anything listens
    return world.a


@pytest.fixture
def admin(org):
    return org.actor(Role.ADMIN)


def happen(org, name="Assist"):
    """Something that the trail records."""
    with org.scope():
        return make_capability(unit_id=org.units["platform"].id, name=name)


def read(org):
    with org.scope():
        return services.read_trail()


def deliveries(org):
    with org.scope():
        return list(WebhookDelivery.objects.order_by("id"))


def test_what_happens_after_the_start_is_told_once(org, admin):
    happen(org, "Before")
    with org.scope():
        make_webhook(admin)
    happen(org, "After")
    assert (read(org), read(org)) == (1, 0)
    (delivery,) = deliveries(org)
    assert (delivery.action, delivery.label) == ("capability.added", "After")
    body = json.loads(delivery.body)
    with org.scope():
        event = TrailEvent.objects.get(object_label="After")
        waiting = OutboxMessage.objects.filter(topic=events.TOPIC_DELIVER)
        assert [m.payload for m in waiting] == [{"delivery_id": str(delivery.id)}]
    assert body["data"]["id"] == str(event.id) == str(delivery.event_id)
    assert body["data"]["object"]["url"].endswith(f"/o/acme/capabilities/{event.object_id}/")


def test_only_the_events_that_were_chosen(org, admin):
    with org.scope():
        make_webhook(admin, actions=["story.*"])
        make_webhook(admin, name="Other", actions=["capability.added"])
    happen(org)
    assert read(org) == 1
    with org.scope():
        assert WebhookDelivery.objects.get().endpoint.name == "Other"
        assert all(e.cursor_id.int < 2**128 - 1 for e in WebhookEndpoint.objects.all())


def test_an_open_transaction_hides_its_event_and_all_later_ones(org, admin):
    """An event that commits late must not fall behind the cursor."""
    with org.scope():
        make_webhook(admin)
    begun, go = Barrier(2), Barrier(2)

    def slow():
        try:
            with transaction.atomic():
                happen(org, "Slow")
                begun.wait(10)
                go.wait(10)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(slow)
        begun.wait(10)
        happen(org, "Quick")
        assert read(org) == 0
        go.wait(10)
        running.result(10)
    assert read(org) == 2
    assert [d.label for d in deliveries(org)] == ["Slow", "Quick"]


def test_racing_readers_make_each_delivery_once(org, admin):
    with org.scope():
        make_webhook(admin)
    for number in range(5):
        happen(org, f"Assist {number}")
    barrier = Barrier(4)

    def work(_):
        try:
            barrier.wait()
            return read(org)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = sum(pool.map(work, range(4)))
    assert made == 5 == len(deliveries(org))


def one_delivery(org, admin, **fields):
    with org.scope():
        endpoint, secret = make_webhook(admin, **fields)
    happen(org)
    read(org)
    (delivery,) = deliveries(org)
    return endpoint, secret, delivery


def test_it_is_sent_signed_and_only_once(org, admin):
    _, secret, delivery = one_delivery(org, admin)
    receiver = Receiver()
    for _ in range(2):
        services.deliver(org.id, delivery.id, transport=receiver)
    (request,) = receiver.seen
    assert str(request.url) == ADDRESS
    headers = request.headers
    assert headers["webhook-id"] == f"msg_{delivery.event_id.hex}"
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.content
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"
    (sent,) = deliveries(org)
    assert (sent.status, sent.attempts, sent.status_code, sent.error) == ("sent", 1, 200, "")


def test_a_failed_try_is_kept_and_tried_again(org, admin):
    _, _, delivery = one_delivery(org, admin)
    receiver = Receiver([httpx.ConnectTimeout("slow"), 503, 302, 200])
    problems = []
    for attempt in (1, 2, 3):
        with pytest.raises(DeliveryFailed):
            services.deliver(org.id, delivery.id, attempt=attempt, transport=receiver)
        problems.append(deliveries(org)[0].error)
    services.deliver(org.id, delivery.id, attempt=4, transport=receiver)
    assert problems == ["No answer (ConnectTimeout).", "Answered 503.", "Answered 302."]
    (sent,) = deliveries(org)
    assert (sent.status, sent.attempts) == ("sent", 4)
    assert len({request.headers["webhook-id"] for request in receiver.seen}) == 1
    assert len({request.content for request in receiver.seen}) == 1


def test_five_failed_deliveries_pause_the_webhook_and_tell_the_administrators(org, admin):
    with org.scope():
        endpoint, _ = make_webhook(admin)
    for number in range(6):
        happen(org, f"Assist {number}")
    read(org)
    receiver = Receiver([500])
    for delivery in deliveries(org)[:5]:
        with pytest.raises(DeliveryFailed):
            services.deliver(org.id, delivery.id, attempt=MAX_ATTEMPTS, transport=receiver)
    services.deliver(org.id, deliveries(org)[5].id, transport=receiver)
    assert len(receiver.seen) == 5
    with org.scope():
        endpoint.refresh_from_db()
        assert (endpoint.status, endpoint.failures) == ("paused", 5)
        assert endpoint.paused_reason == "5 deliveries in a row failed."
        told = Notification.objects.filter(kind="webhook.paused")
        people = {org.person(Role.ADMIN).membership.id, org.person(Role.OWNER).membership.id}
        assert set(told.values_list("membership_id", flat=True)) == people
        assert TrailEvent.objects.filter(action=events.PAUSED).count() == 1


def test_gone_pauses_at_once(org, admin):
    endpoint, _, delivery = one_delivery(org, admin)
    services.deliver(org.id, delivery.id, transport=Receiver([410]))
    with org.scope():
        endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.paused_reason) == ("paused", "The address answered 410 Gone.")


def test_what_happens_while_it_is_paused_is_not_sent_later(org, admin):
    with org.scope():
        endpoint, _ = make_webhook(admin)
        services.pause_endpoint(actor=admin, endpoint=endpoint, version=1, reason="Moving")
    happen(org, "Missed")
    assert read(org) == 0
    with org.scope():
        services.resume_endpoint(actor=admin, endpoint=endpoint, version=2)
    happen(org, "Told")
    assert read(org) == 1
    assert [d.label for d in deliveries(org)] == ["Told"]


def test_after_a_rotation_both_secrets_sign_for_a_day(org, admin):
    endpoint, _, delivery = one_delivery(org, admin)
    receiver = Receiver()
    with org.scope():
        new = services.rotate_secret(actor=admin, endpoint=endpoint, version=endpoint.version)
    services.deliver(org.id, delivery.id, transport=receiver)
    assert len(receiver.seen[0].headers["webhook-signature"].split(" ")) == 2
    with time_machine.travel(clock.now() + timedelta(hours=25)):
        with org.scope():
            delivery.refresh_from_db()
            services.repeat_delivery(
                actor=admin, delivery=WebhookDelivery.objects.select_related("endpoint").get()
            )
        services.deliver(org.id, delivery.id, transport=receiver)
    assert len(receiver.seen[1].headers["webhook-signature"].split(" ")) == 1
    assert new.startswith("whsec_")


def test_address_and_secret_are_nowhere_in_the_clear(org, admin):
    _, secret, _ = one_delivery(org, admin)
    with org.scope(), connection.cursor() as cursor:
        for table in ("webhooks_webhookendpoint", "webhooks_webhookdelivery", "trail_trailevent"):
            cursor.execute(f"SELECT t::text FROM {table} t")
            text = "".join(row[0] for row in cursor.fetchall())
            assert secret not in text
            assert "a-token-of-the-channel" not in text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"form": "fax"}, "form"),
        ({"address": "http://hooks.example.com/"}, "address"),
        ({"address": "https://10.0.0.1/"}, "address"),
        ({"address": "no address"}, "address"),
        ({"actions": ["story.exploded"]}, "actions"),
    ],
)
def test_bad_input_names_its_field_and_writes_nothing(org, admin, fields, field):
    with pytest.raises(Invalid) as refused, org.scope():
        make_webhook(admin, **fields)
    assert [error.field for error in refused.value.errors] == [field]
    with org.scope():
        assert WebhookEndpoint.objects.count() == 0


def test_who_may_not_and_who_comes_late(org, admin):
    cfo = org.actor(Role.CFO)
    with pytest.raises(Forbidden), org.scope():
        make_webhook(cfo)
    with org.scope():
        endpoint, _ = make_webhook(admin)
        services.pause_endpoint(actor=admin, endpoint=endpoint, version=1, reason="x")
    for act in (services.resume_endpoint, services.retire_endpoint):
        with pytest.raises(Conflict), org.scope():
            act(actor=admin, endpoint=endpoint, version=1)
    with pytest.raises(Conflict), org.scope():
        services.send_test(actor=admin, endpoint=endpoint)
    with org.scope():
        assert WebhookDelivery.objects.count() == 0
        services.retire_endpoint(actor=admin, endpoint=endpoint, version=2)
        endpoint.refresh_from_db()
        assert (endpoint.address, endpoint.secret) == ("", "")


def test_the_month_before_last_is_forgotten_but_not_what_waits(org, admin):
    _, _, delivery = one_delivery(org, admin)
    with time_machine.travel(clock.now() + timedelta(days=31)), org.scope():
        assert services.prune_deliveries() == 0
    services.deliver(org.id, delivery.id, transport=Receiver())
    with time_machine.travel(clock.now() + timedelta(days=31)), org.scope():
        assert services.prune_deliveries() == 1
