"""Webhook pages: added, shown once, tried, paused, retired."""

import pytest

from apps.access.roles import Role
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.factories.webhooks import ADDRESS, make_webhook

pytestmark = pytest.mark.django_db


@pytest.fixture
def org(world):
    world.a.person(Role.ADMIN)
    return world.a


@pytest.fixture
def browser(org):
    return org.client(Role.ADMIN)


def webhook(org, **fields):
    with org.scope():
        return make_webhook(org.actor(Role.ADMIN), **fields)[0]


def fresh(org):
    with org.scope():
        return WebhookEndpoint.objects.get()


def test_the_secret_is_on_one_page_only(org, browser):
    values = {"name": "Tickets", "form": "signed", "address": ADDRESS, "actions": ["story.*"]}
    answer = browser.post(org.url("webhooks:new"), values)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "whsec_" in answer.content.decode()
    endpoint = fresh(org)
    page = browser.get(org.url("webhooks:detail", endpoint.id)).content.decode()
    assert "whsec_" not in page
    assert "a-token-of-the-channel" not in page
    assert "hooks.example.com" in page


def test_a_bad_address_comes_back_with_what_was_typed(org, browser):
    values = {"name": "Tickets", "form": "signed", "address": "http://x.example/"}
    answer = browser.post(org.url("webhooks:new"), values)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Only https is allowed." in text
    assert 'value="Tickets"' in text
    with org.scope():
        assert WebhookEndpoint.objects.count() == 0


def test_test_pause_resume_edit_and_retire(org, browser):
    endpoint = webhook(org)
    assert browser.post(org.url("webhooks:test", endpoint.id)).status_code == 302
    with org.scope():
        assert WebhookDelivery.objects.get().action == "webhook.test"
        delivery = WebhookDelivery.objects.get()
    page = browser.get(org.url("webhooks:delivery", endpoint.id, delivery.id)).content.decode()
    assert "webhook.test" in page
    browser.post(org.url("webhooks:pause", endpoint.id), {"reason": "Moving house"})
    assert "Moving house" in browser.get(org.url("webhooks:detail", endpoint.id)).content.decode()
    stale = browser.post(org.url("webhooks:resume", endpoint.id), {"version": "1"})
    assert (stale.status_code, fresh(org).status) == (409, "paused")
    browser.post(org.url("webhooks:resume", endpoint.id), {"version": "2"})
    assert fresh(org).status == "active"
    edited = {"name": "Tickets 2", "address": "", "actions": ["budget.*"]}
    browser.post(org.url("webhooks:edit", endpoint.id), edited)
    assert (fresh(org).name, fresh(org).actions) == ("Tickets 2", ["budget.*"])
    browser.post(org.url("webhooks:retire", endpoint.id))
    assert browser.get(org.url("webhooks:detail", endpoint.id)).status_code == 404


def test_readers_of_other_roles_have_no_such_page(org):
    endpoint = webhook(org)
    for role in (Role.CFO, Role.VIEWER, Role.UNIT_LEAD):
        assert org.client(role).get(org.url("webhooks:list")).status_code == 403
        assert org.client(role).post(org.url("webhooks:test", endpoint.id)).status_code == 403
    with org.scope():
        assert WebhookDelivery.objects.count() == 0
