import pytest
from django.core import mail

from apps.access.roles import Role
from apps.common import clock
from apps.common.errors import NotFound
from apps.notifications import selectors, services
from apps.notifications.models import Notification
from apps.organizations.services import suspend_person
from apps.outbox.models import OutboxMessage
from apps.outbox.services import dispatch


def tell(side, *people, key="approval:1", **fields):
    values = {"kind": "approval.waiting", "title": "TS-1 waits for you", "body": "Approve it."}
    with side.scope():
        return services.notify(
            recipients=[person.membership.id for person in people],
            key=key,
            path="/o/acme/approvals/",
            **values | fields,
        )


def test_people_are_told_once_in_the_inbox_and_by_mail(world):
    cfo, cto = world.a.person(Role.CFO), world.a.person(Role.CTO)
    assert tell(world.a, cfo) == 1
    assert tell(world.a, cfo, cto) == 1
    assert tell(world.a, cfo, cto) == 0
    assert mail.outbox == []
    dispatch(world.a.id)
    assert sorted(message.to[0] for message in mail.outbox) == [cfo.user.email, cto.user.email]
    message = mail.outbox[0]
    assert message.subject == "TS-1 waits for you"
    assert "http://127.0.0.1:8000/o/acme/approvals/" in message.body
    assert message.alternatives[0][1] == "text/html"
    with world.a.scope():
        assert selectors.unread_count(cfo.actor) == 1
        OutboxMessage.objects.update(state="waiting", available_at=clock.now())
    dispatch(world.a.id)
    assert len(mail.outbox) == 2


def test_another_key_tells_again(world):
    cfo = world.a.person(Role.CFO)
    assert tell(world.a, cfo, key="a") == 1
    assert tell(world.a, cfo, key="b") == 1


def test_without_mail(world):
    cfo = world.a.person(Role.CFO)
    tell(world.a, cfo, email=False)
    assert dispatch(world.a.id) == 0
    with world.a.scope():
        assert selectors.inbox(cfo.actor).get().email_state == "none"


def test_an_undone_change_tells_nobody(world):
    cfo = world.a.person(Role.CFO)
    with pytest.raises(RuntimeError), world.a.scope():
        services.notify(recipients=[cfo.membership.id], kind="x", key="x", title="X")
        raise RuntimeError
    with world.a.scope():
        assert not Notification.objects.exists()
    assert dispatch(world.a.id) == 0
    assert mail.outbox == []


def test_suspended_people_are_left_out(world):
    cfo, owner = world.a.person(Role.CFO), world.a.actor(Role.OWNER)
    with world.a.scope():
        suspend_person(actor=owner, membership_id=cfo.membership.id)
    assert tell(world.a, cfo) == 0


def test_a_person_who_is_suspended_meanwhile_gets_no_mail(world):
    cfo, owner = world.a.person(Role.CFO), world.a.actor(Role.OWNER)
    tell(world.a, cfo)
    with world.a.scope():
        suspend_person(actor=owner, membership_id=cfo.membership.id)
    dispatch(world.a.id)
    assert mail.outbox == []


def test_a_person_of_another_organization_is_left_out(world):
    assert tell(world.a, world.b.person(Role.CFO)) == 0


def test_a_title_is_one_line(world):
    cfo = world.a.person(Role.CFO)
    tell(world.a, cfo, title="Two\nlines\r\nBcc: x@example.com " + "x" * 300)
    dispatch(world.a.id)
    (message,) = mail.outbox
    assert "\n" not in message.subject
    assert message.recipients() == [cfo.user.email]


def test_everyone_has_their_own_inbox(world):
    cfo, cto = world.a.person(Role.CFO), world.a.person(Role.CTO)
    tell(world.a, cfo)
    with world.a.scope():
        row = selectors.inbox(cfo.actor).get()
        assert not selectors.inbox(cto.actor).exists()
        assert not selectors.inbox(world.a.key_actor).exists()
        with pytest.raises(NotFound):
            services.mark_read(actor=cto.actor, notification_id=row.id)
        services.mark_read(actor=cfo.actor, notification_id=row.id)
        assert selectors.unread_count(cfo.actor) == 0
