"""Sending: once per period, to each what they may see now, and failures where people see them."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail

from apps.access.roles import Role
from apps.common.errors import Conflict, Forbidden
from apps.notifications.models import Notification
from apps.organizations.models import RoleBinding
from apps.organizations.services import suspend_person
from apps.outbox.models import OutboxMessage
from apps.outbox.rules import MAX_ATTEMPTS
from apps.outbox.services import dispatch
from apps.reports import selectors, services
from apps.reports.models import ReportDelivery, ReportIssue, ReportSchedule
from apps.reports.services import sending
from apps.savedviews.rules import clean_query
from tests.factories.reports import NOW, make_schedule, seed_league

pytestmark = pytest.mark.django_db
FRIDAY = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def side(world):
    """Monday, two hours after a schedule of Friday was due."""
    with time_machine.travel(NOW, tick=False):
        seed_league(world.a)
        dispatch(world.a.id)
        mail.outbox.clear()
        yield world.a


def scheduled(side, *people, role=Role.CFO, **changes):
    actor = side.actor(role)
    with time_machine.travel(FRIDAY, tick=False), side.scope():
        return make_schedule(actor, *people, **changes)


def start(side, now=None):
    with side.scope():
        return services.start_due(now)


def copies(side):
    with side.scope():
        rows = ReportDelivery.objects.select_related("membership__user").order_by("id")
        return {str(row.membership): (row.state, row.reason) for row in rows}


def lines(message):
    (text,) = [content for name, content, _ in message.attachments if name.endswith(".csv")]
    text = text if isinstance(text, str) else text.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))


def test_each_gets_the_figures_that_they_may_see_once(side):
    cfo, lead = side.person(Role.CFO), side.person(Role.UNIT_LEAD)
    made = scheduled(side, cfo, lead, with_pdf=True)
    assert (start(side), start(side)) == (1, 0)
    assert mail.outbox == []
    dispatch(side.id)
    first, second = sorted(mail.outbox, key=lambda message: message.to)
    assert [first.to, second.to] == [[cfo.user.email], [lead.user.email]]
    assert first.subject == "Workflows: 4 capabilities cost $2,610"
    assert second.subject == "Workflows: 2 capabilities cost $2,500"
    assert [row["Capability"] for row in lines(first)] == [
        "Cäfé chat", "Bot", "No capability", "Agent",
    ]  # fmt: skip
    assert [row["Capability"] for row in lines(second)] == ["Cäfé chat", "Agent"]
    assert lines(first)[0]["Cost (USD)"] == "2500.000000000"
    names = [(name, kind) for name, _, kind in first.attachments]
    assert names == [
        ("workflows-2026-11-16-2026-11-22.csv", "text/csv"),
        ("workflows-2026-11-16-2026-11-22.pdf", "application/pdf"),
    ]
    assert first.attachments[1][1].startswith(b"%PDF-1.")
    html = first.alternatives[0][0]
    for words in ("Cäfé chat", "$2,500", "day_from=2026-11-16", f"/o/acme/reports/{made.id}/"):
        assert words in html
        assert words in first.body
    assert "Bot" not in second.body + second.alternatives[0][0]
    with side.scope():
        issue = ReportIssue.objects.get()
        assert (issue.period_start, issue.period_end) == (date(2026, 11, 16), date(2026, 11, 23))
        found = selectors.schedule_by_id(cfo.actor, made.id)
        assert (found.last_state, found.last_sent_at) == ("sent", NOW)
        assert found.due_at == datetime(2026, 11, 30, 7, tzinfo=UTC)
        OutboxMessage.objects.update(state="waiting")
    dispatch(side.id)
    assert len(mail.outbox) == 2


def test_a_cut_of_explore_is_sent_as_it_is_chosen(side):
    platform = side.units["platform"].id
    query = clean_query(f"group=capability&measure=cost&unit={platform}&grain=week")
    scheduled(side, kind="explore", name="Platform", query=query)
    assert start(side) == 1
    dispatch(side.id)
    (message,) = mail.outbox
    assert message.subject == "Platform: Cost: $2,500, after $0 in 9–15 Nov"
    assert {(row["Capability"], row["Cost (USD)"]) for row in lines(message)} == {
        ("Cäfé chat", "2500.000000000"),
        ("Agent", "0.008400000"),
    }
    assert "days_from=2026-11-16&days_to=2026-11-22" in message.body
    cross = scheduled(
        side, kind="explore", name="Cross", query="group=unit&then=model", cadence="monthly"
    )
    with side.scope():
        services.ask_for_one(actor=side.actor(Role.CFO), schedule_id=cross.id)
    dispatch(side.id)
    assert [row["Cost (USD)"] for row in lines(mail.outbox[1])] == ["2000.000000000"]
    assert "gpt-4.1" in mail.outbox[1].alternatives[0][0]


def test_who_lost_the_right_gets_nothing(side):
    cfo, viewer, cto = (side.person(role) for role in (Role.CFO, Role.VIEWER, Role.CTO))
    ea, owner = side.person(Role.EA), side.actor(Role.OWNER)
    made = scheduled(side, cfo, viewer, cto, ea)
    with side.scope():
        RoleBinding.objects.filter(membership=viewer.membership).delete()
        suspend_person(actor=owner, membership_id=cto.membership.id)
    assert start(side) == 1
    with side.scope():
        services.leave_schedule(actor=ea.actor, schedule_id=made.id)
    dispatch(side.id)
    assert [message.to for message in mail.outbox] == [[cfo.user.email]]
    assert copies(side) == {
        "CFO Acme": ("sent", ""),
        "CTO Acme": ("withheld", "No longer an active member."),
        "Enterprise architect Acme": ("withheld", "No longer a recipient."),
        "Viewer Acme": ("withheld", "May no longer see such figures."),
    }


def test_only_what_is_due_is_sent_and_after_an_outage_the_last(side):
    scheduled(side, cadence="daily", hour=10)
    assert start(side) == 1
    with side.scope():
        assert ReportIssue.objects.get().period_start == date(2026, 11, 21)
    assert start(side, NOW + timedelta(hours=1)) == 1
    assert start(side, NOW + timedelta(hours=1)) == 0


def test_a_paused_or_deleted_schedule_sends_nothing(side):
    cfo = side.actor(Role.CFO)
    paused, gone = scheduled(side), scheduled(side, name="Gone")
    with side.scope():
        services.pause_schedule(actor=cfo, schedule_id=paused.id, version=1)
    assert start(side) == 1
    with side.scope():
        services.delete_schedule(actor=cfo, schedule_id=gone.id, version=1)
    dispatch(side.id)
    assert mail.outbox == []
    with side.scope():
        resumed = services.resume_schedule(actor=cfo, schedule_id=paused.id, version=2)
        assert resumed.due_at == datetime(2026, 11, 30, 7, tzinfo=UTC)
    assert start(side) == 0


def test_a_failure_is_tried_again_then_told(side, monkeypatch):
    made = scheduled(side)
    start(side)

    def refuse(**_):
        raise OSError("mail server is away")

    real = sending.send_email
    monkeypatch.setattr(sending, "send_email", refuse)
    dispatch(side.id)
    assert copies(side) == {"CFO Acme": ("waiting", "OSError: mail server is away")}
    url = side.url("reports:list")
    assert "mail server is away" in side.client(Role.CFO).get(url).content.decode()
    with side.scope():
        message = OutboxMessage.objects.get(topic="report.deliver")
        assert message.state == "waiting"
        OutboxMessage.objects.update(available_at=NOW)
    monkeypatch.setattr(sending, "send_email", real)
    dispatch(side.id)
    assert copies(side) == {"CFO Acme": ("sent", "")}
    monkeypatch.setattr(sending, "send_email", refuse)
    with side.scope():
        services.ask_for_one(actor=side.actor(Role.CFO), schedule_id=made.id)
        OutboxMessage.objects.filter(state="waiting").update(attempts=MAX_ATTEMPTS - 1)
    dispatch(side.id)
    with side.scope():
        assert ReportDelivery.objects.filter(state="failed").count() == 1
        told = Notification.objects.get(kind="report.failed")
        assert told.title == "“Workflows” could not be sent to CFO Acme"
    assert "1 scheduled report fails" in side.client(Role.CFO).get(url).content.decode()


def test_what_will_not_go_away_is_not_tried_again(side):
    scheduled(side)
    start(side)
    with side.scope():
        ReportSchedule.objects.update(kind="gone")
    dispatch(side.id)
    reason = "This page is not sent any more. Delete the schedule."
    assert copies(side) == {"CFO Acme": ("failed", reason)}
    with side.scope():
        assert OutboxMessage.objects.get(topic="report.deliver").state == "done"
        assert Notification.objects.get(kind="report.failed").body == reason


def test_one_now_goes_to_who_asks_alone(side):
    cfo, lead = side.person(Role.CFO), side.person(Role.UNIT_LEAD)
    made = scheduled(side, cfo, lead)
    with side.scope():
        issue = services.ask_for_one(actor=lead.actor, schedule_id=made.id)
        assert (issue.period_start, issue.period_end) == (date(2026, 11, 16), date(2026, 11, 23))
        with pytest.raises(Conflict):
            services.ask_for_one(actor=lead.actor, schedule_id=made.id)
    dispatch(side.id)
    assert [message.to for message in mail.outbox] == [[lead.user.email]]
    # The schedule goes on as if nothing was asked.
    assert start(side) == 1
    with side.scope():
        RoleBinding.objects.filter(membership=lead.membership).delete()
    with side.scope(), pytest.raises(Forbidden):
        services.ask_for_one(actor=lead.actor, schedule_id=made.id)


def test_another_worker_keeps_away_until_its_claim_ends(side):
    scheduled(side)
    start(side)
    with side.scope():
        copy = ReportDelivery.objects.get()
        ReportDelivery.objects.update(claimed_until=NOW + sending.CLAIM)
    with pytest.raises(sending.Busy):
        services.deliver(side.id, copy.id)
    assert mail.outbox == []
    with time_machine.travel(NOW + sending.CLAIM, tick=False):
        services.deliver(side.id, copy.id)
        services.deliver(side.id, copy.id)
    assert len(mail.outbox) == 1
    assert mail.outbox[0].extra_headers["Message-ID"].startswith(f"<report.{copy.id}@")


def test_old_issues_are_forgotten_with_their_copies(side):
    scheduled(side)
    start(side)
    with side.scope():
        assert services.prune_issues() == 0
    with time_machine.travel(NOW + timedelta(days=401), tick=False), side.scope():
        services.prune_issues()
        assert not ReportDelivery.objects.exists()
