from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from apps.access.roles import Role
from apps.accounts.models import User
from apps.common import clock
from apps.common.errors import Conflict, Forbidden, Invalid
from apps.organizations import selectors, services
from apps.organizations.enums import InvitationState
from apps.organizations.models import Invitation, Membership
from apps.outbox.models import OutboxMessage
from apps.outbox.services import dispatch
from apps.trail.models import TrailEvent
from tests.factories.accounts import PASSWORD, make_user


def invite(side, by: Role = Role.ADMIN, email="new@acme.example", role=Role.MEMBER, unit=None):
    actor, unit_id = side.actor(by), side.units[unit].id if unit else None
    with side.scope():
        return services.invite_person(actor=actor, email=email, role=role, unit_id=unit_id)


def token_of(invitation: Invitation) -> str:
    return services.invitation_link_token(invitation)


def test_an_invitation_stores_no_secret_and_sends_nothing_before_the_commit(world):
    invitation = invite(world.a, email=" New@ACME.example ", role=Role.CFO)
    assert invitation.email == "new@acme.example"
    assert invitation.expires_at - invitation.created_at > timedelta(days=6, hours=23)
    assert mail.outbox == []
    with world.a.scope():
        message = OutboxMessage.objects.get(topic="invitation.send")
        stored = str(message.payload) + str(Invitation.objects.values().get())
        assert token_of(invitation) not in stored
        event = TrailEvent.objects.latest("id")
        assert (event.action, event.after) == ("invitation.sent", {"role": "cfo", "unit": None})


def test_the_mail_has_a_link_and_is_sent_once(world):
    invitation = invite(world.a, unit="platform")
    assert dispatch(world.a.id) == 1
    (message,) = mail.outbox
    link = f"http://127.0.0.1:8000/invitations/{token_of(invitation)}/"
    assert message.to == ["new@acme.example"]
    assert message.subject == "Administrator Acme invites you to Acme on TokenOps"
    assert link in message.body
    html, kind = message.alternatives[0]
    assert kind == "text/html"
    assert link in html
    assert "Acme · Platform" in message.body
    with world.a.scope():
        OutboxMessage.objects.update(state="waiting", available_at=clock.now())
    dispatch(world.a.id)
    assert len(mail.outbox) == 1


def test_a_new_person_joins_with_a_verified_address(world):
    invitation = invite(world.a, role=Role.UNIT_LEAD, unit="core")
    user, organization = services.accept_as_new_person(
        token=token_of(invitation), name="Nora New", password=PASSWORD
    )
    assert organization == world.a.organization
    address = EmailAddress.objects.get(user=user)
    assert (address.email, address.verified, address.primary) == ("new@acme.example", True, True)
    with world.a.scope():
        actor = selectors.actor_for_user(user)
        assert actor.roles == {Role.UNIT_LEAD}
        assert actor.bindings[0].unit_id == world.a.units["core"].id
        accepted = Invitation.objects.get()
        assert accepted.state() is InvitationState.ACCEPTED
        assert accepted.accepted_membership_id == actor.membership_id
        assert list(TrailEvent.objects.order_by("id").values_list("action", flat=True))[-2:] == [
            "person.joined",
            "invitation.accepted",
        ]


def test_a_person_of_another_organization_joins_with_the_same_login(world):
    invitation = invite(world.a, email="mallory@borealis.example", role=Role.VIEWER)
    mallory = world.b.person(Role.OWNER).user
    services.accept_invitation(token=token_of(invitation), user=mallory)
    with world.a.scope():
        assert selectors.actor_for_user(mallory).roles == {Role.VIEWER}
    with world.b.scope():
        assert selectors.actor_for_user(mallory).roles == {Role.OWNER}


def test_another_address_cannot_use_the_link(world):
    invitation = invite(world.a)
    stranger = make_user("stranger@example.com")
    with pytest.raises(Forbidden, match=r"is for new@acme\.example"):
        services.accept_invitation(token=token_of(invitation), user=stranger)
    with world.a.scope():
        assert not Membership.objects.filter(user=stranger).exists()
        assert Invitation.objects.get().state() is InvitationState.OPEN


def test_a_link_works_once(world):
    token = token_of(invite(world.a))
    user, _ = services.accept_as_new_person(token=token, name="Nora", password=PASSWORD)
    assert services.open_offer(token) is None
    with pytest.raises(Conflict, match="no longer open"):
        services.accept_invitation(token=token, user=user)


@pytest.mark.parametrize("end", ["expired", "revoked", "resent", "unknown"])
def test_dead_links(world, end):
    invitation = invite(world.a)
    token = token_of(invitation)
    admin = world.a.actor(Role.ADMIN)
    with world.a.scope():
        if end == "expired":
            Invitation.objects.update(expires_at=clock.now() - timedelta(seconds=1))
        elif end == "revoked":
            services.revoke_invitation(actor=admin, invitation_id=invitation.id)
        elif end == "resent":
            services.resend_invitation(actor=admin, invitation_id=invitation.id)
        else:
            token = "x" * 43
    with pytest.raises(Conflict, match="no longer open"):
        services.accept_as_new_person(token=token, name="Nora", password=PASSWORD)
    assert not User.objects.filter(email="new@acme.example").exists()


def test_a_link_sent_again_works_and_is_mailed(world):
    invitation = invite(world.a)
    dispatch(world.a.id)
    admin = world.a.actor(Role.ADMIN)
    with world.a.scope():
        Invitation.objects.update(expires_at=clock.now() - timedelta(days=1))
        again = services.resend_invitation(actor=admin, invitation_id=invitation.id)
    assert dispatch(world.a.id) == 1
    assert token_of(again) in mail.outbox[1].body
    assert services.open_offer(token_of(again)).organization == world.a.organization


def test_a_mail_server_that_is_down_is_tried_again(world, monkeypatch):
    invite(world.a)

    def refuse(**kwargs):
        raise OSError("no route")

    monkeypatch.setattr("apps.organizations.tasks.send_email", refuse)
    assert dispatch(world.a.id) == 0
    monkeypatch.undo()
    with world.a.scope():
        assert Invitation.objects.get().sent_at is None
        OutboxMessage.objects.update(available_at=clock.now())
    assert dispatch(world.a.id) == 1
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("by", "role", "unit"),
    [
        (Role.VIEWER, Role.VIEWER, None),
        (Role.MEMBER, Role.MEMBER, "platform"),
        (Role.CFO, Role.MEMBER, None),
        (Role.ADMIN, Role.OWNER, None),
        (Role.UNIT_LEAD, Role.MEMBER, None),
        (Role.UNIT_LEAD, Role.MEMBER, "claims"),
        (Role.UNIT_LEAD, Role.CIO, "platform"),
    ],
)
def test_invitations_that_are_refused_leave_nothing(world, by, role, unit):
    actor, units = world.a.actor(by), world.a.units
    with world.a.scope():
        events = TrailEvent.objects.count()
        with pytest.raises(Forbidden):
            services.invite_person(
                actor=actor,
                email="new@acme.example",
                role=role,
                unit_id=units[unit].id if unit else None,
            )
        assert not Invitation.objects.exists()
        assert not OutboxMessage.objects.exists()
        assert TrailEvent.objects.count() == events


def test_a_unit_lead_invites_into_the_unit(world):
    assert invite(world.a, by=Role.UNIT_LEAD, unit="core").unit == world.a.units["core"]


def test_one_open_invitation_per_address(world):
    invite(world.a)
    with pytest.raises(Conflict, match="open invitation"):
        invite(world.a)
    with world.a.scope():
        Invitation.objects.update(expires_at=clock.now() - timedelta(days=1))
    invite(world.a)
    invite(world.b)


def test_members_are_not_invited(world):
    with pytest.raises(Conflict, match="belongs to this organization"):
        invite(world.a, email="alice@acme.example")


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "a b@example.com"])
def test_bad_addresses(world, email):
    with pytest.raises(Invalid) as refused:
        invite(world.a, email=email)
    assert refused.value.errors[0].field == "email"


@pytest.mark.parametrize(
    ("name", "password", "field"),
    [("", PASSWORD, "name"), ("Nora", "short", "password"), ("Nora", "12345678", "password")],
)
def test_a_weak_account_is_refused_and_the_link_stays_open(world, name, password, field):
    token = token_of(invite(world.a))
    with pytest.raises(Invalid) as refused:
        services.accept_as_new_person(token=token, name=name, password=password)
    assert field in {error.field for error in refused.value.errors}
    assert services.open_offer(token) is not None
    assert not User.objects.filter(email="new@acme.example").exists()


def test_an_accepted_invitation_cannot_be_revoked_or_sent_again(world):
    invitation = invite(world.a)
    services.accept_as_new_person(token=token_of(invitation), name="N", password=PASSWORD)
    admin = world.a.actor(Role.ADMIN)
    with world.a.scope():
        with pytest.raises(Conflict):
            services.revoke_invitation(actor=admin, invitation_id=invitation.id)
        with pytest.raises(Conflict):
            services.resend_invitation(actor=admin, invitation_id=invitation.id)
