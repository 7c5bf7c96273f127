"""Preferences and the daily digest: once a day, at the person's hour, without what was read."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.core import mail

from apps.access.roles import Role
from apps.common.errors import Forbidden, Invalid
from apps.notifications import selectors, services
from apps.notifications.groups import Group, group_of
from apps.notifications.models import Digest, Notification, Preference
from apps.outbox.models import OutboxMessage
from apps.outbox.services import dispatch

pytestmark = pytest.mark.django_db
FRIDAY = datetime(2026, 11, 27, 7, 30, tzinfo=UTC)


@pytest.fixture
def side(world):
    world.a.person(Role.CFO)
    return world.a


def tell(side, key, kind="budget.changed", **fields):
    with side.scope():
        return services.notify(
            recipients=[side.person(Role.CFO).membership.id],
            kind=kind,
            key=key,
            title=f"Told {key}",
            body="Why",
            path="/o/acme/budgets/",
            **fields,
        )


def choose(side, **values):
    with side.scope():
        services.choose(actor=side.actor(Role.CFO), **values)


def start(side, now):
    with side.scope():
        return services.start_digests(now)


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        ("approval.waiting", Group.APPROVAL),
        ("quality.source_quiet", Group.SOURCE),
        ("webhook.paused", Group.OTHER),
    ],
)
def test_every_kind_has_a_group(kind, group):
    assert group_of(kind) is group


def test_a_choice_beats_the_sender(side):
    choose(side, emails={"budget": "now", "approval": "never"})
    tell(side, "1", email=False)
    tell(side, "2", kind="approval.waiting")
    tell(side, "3", kind="audit.signed")
    dispatch(side.id)
    assert [m.subject for m in mail.outbox] == ["Told 1", "Told 3"]
    with side.scope():
        assert Notification.objects.count() == 3


def test_the_digest_leaves_once_at_the_chosen_hour_without_what_was_read(side):
    choose(side, emails={"budget": "digest"}, hour=9)
    with time_machine.travel(FRIDAY, tick=False):
        for key in "123":
            tell(side, key)
        with side.scope():
            read = Notification.objects.get(key="2")
            services.mark_read(actor=side.actor(Role.CFO), notification_id=read.id)
    dispatch(side.id)
    assert mail.outbox == []
    assert start(side, FRIDAY.replace(hour=8, minute=59)) == 0
    with time_machine.travel(FRIDAY.replace(hour=9, minute=2), tick=False):
        assert (start(side, None), start(side, None)) == (1, 0)
        dispatch(side.id)
        (message,) = mail.outbox
        assert message.subject == "2 things to know at Acme"
        assert "Told 1" in message.body
        assert "Told 2" not in message.body
        assert "/o/acme/notifications/preferences/" in message.body
        assert message.alternatives[0][1] == "text/html"
        with side.scope():
            OutboxMessage.objects.update(state="waiting")
        dispatch(side.id)
    assert len(mail.outbox) == 1
    with side.scope():
        states = dict(Notification.objects.values_list("key", "email_state"))
    assert states == {"1": "sent", "2": "none", "3": "sent"}


def test_weekends_are_quiet_unless_wanted(side):
    choose(side, emails={"budget": "digest"})
    tell(side, "1")
    saturday = datetime(2026, 11, 28, 12, tzinfo=UTC)
    assert start(side, saturday) == 0
    choose(side, emails={}, weekends=True)
    assert start(side, saturday) == 1
    with side.scope():
        assert Digest.objects.get().day == saturday.date()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"emails": {"weather": "now"}}, "emails"),
        ({"emails": {"budget": "fax"}}, "budget"),
        ({"emails": {"budget": "now"}, "hour": 24}, "hour"),
    ],
)
def test_a_bad_choice_names_its_field_and_writes_nothing(side, values, field):
    with pytest.raises(Invalid) as refused:
        choose(side, **values)
    assert [error.field for error in refused.value.errors] == [field]
    with side.scope():
        assert Preference.objects.count() == 0


def test_programs_have_no_inbox(side):
    actor = side.key_actor
    with side.scope(), pytest.raises(Forbidden):
        services.choose(actor=actor, emails={"budget": "now"})
    with side.scope(), pytest.raises(Forbidden):
        selectors.choices(actor)
