"""Sending one person's copy: their rights, their figures, their e-mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q
from django.http import QueryDict

from apps.access.actors import Actor
from apps.access.services import can_anywhere
from apps.accounts.services import Attachment, send_email
from apps.common import clock, fmt
from apps.common.errors import DomainError, NotFound
from apps.common.memo import remembering
from apps.ledger.query import TooSlow, time_limit
from apps.notifications.services import notify
from apps.organizations.models import Organization
from apps.organizations.selectors import actor_for_membership, organization
from apps.outbox.rules import is_dead
from apps.reports import documents, kinds
from apps.reports.content import Report
from apps.reports.enums import DeliveryState
from apps.reports.models import ReportDelivery, ReportRecipient, ReportSchedule
from apps.tenancy.scope import tenant_scope
from apps.tenancy.urls import absolute_url, org_url

CLAIM = timedelta(seconds=100)
"""How long one worker has a copy for itself: less than the outbox's lease, so that a copy whose
worker died is free again when its message comes back."""
SECONDS = 15.0
"""How long one statement of a report may take: nobody waits for it at a screen."""
MAIL_ROWS = 10
"""Rows of the table in the e-mail itself."""


class Busy(Exception):
    """Another worker is sending this copy; the outbox looks again later."""


class Withheld(Exception):
    """The person may not have it (any more); the text says why."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is written and sent outside the scope."""

    report: Report
    schedule: ReportSchedule
    organization: Organization
    address: str


def deliver(organization_id: UUID, delivery_id: UUID, *, attempt: int = 1) -> None:
    """Send a waiting copy with what its person may see now, or withhold it.

    A copy that was sent is never sent again; one whose worker died after the mail server took it
    comes again with the same Message-ID. Raises Busy, and any failure while another try is due.
    """
    with tenant_scope(organization_id):
        if not _claim(delivery_id):
            return
    try:
        with tenant_scope(organization_id), remembering():
            found = _waiting(delivery_id)
            if found is None:
                return
            prepared = _prepared(found)
        _mail(prepared, delivery_id)
    except Withheld as error:
        _close(organization_id, delivery_id, DeliveryState.WITHHELD, str(error))
    except Exception as error:
        lasting = isinstance(error, DomainError) and not isinstance(error, TooSlow)
        state = DeliveryState.FAILED if lasting or is_dead(attempt) else DeliveryState.WAITING
        _close(organization_id, delivery_id, state, _said(error))
        if not lasting:
            raise
    else:
        _close(organization_id, delivery_id, DeliveryState.SENT, headline=prepared.report.headline)


def _said(error: Exception) -> str:
    if isinstance(error, DomainError):
        return f"{error.message} {error.fix}".strip()
    return f"{type(error).__name__}: {error}"


def _claim(delivery_id: UUID) -> bool:
    """Take a waiting copy for a while; False when there is none. Raises Busy."""
    now = clock.now()
    waiting = ReportDelivery.objects.filter(id=delivery_id, state=DeliveryState.WAITING)
    free = waiting.filter(Q(claimed_until__isnull=True) | Q(claimed_until__lte=now))
    if free.update(claimed_until=now + CLAIM, attempts=F("attempts") + 1):
        return True
    if waiting.exists():
        raise Busy("another worker is sending this report")
    return False


def _waiting(delivery_id: UUID) -> ReportDelivery | None:
    rows = ReportDelivery.objects.select_related("issue", "schedule", "membership__user")
    return rows.filter(id=delivery_id, state=DeliveryState.WAITING).first()


def _prepared(copy: ReportDelivery) -> Prepared:
    """The report as its person may see it at this moment. Raises Withheld."""
    schedule, issue = copy.schedule, copy.issue
    kind = kinds.kind_of(schedule.kind)
    if kind is None:
        raise NotFound("This page is not sent any more.", fix="Delete the schedule.")
    actor = _actor(copy)
    stays = ReportRecipient.objects.filter(schedule=schedule, membership_id=copy.membership_id)
    if issue.asked_by_id is None and not stays.exists():
        raise Withheld("No longer a recipient.")
    if not can_anywhere(actor, kind.permission):
        raise Withheld("May no longer see such figures.")
    with time_limit(SECONDS):
        report = kind.build(actor, QueryDict(schedule.query), issue.period_start, issue.period_end)
    return Prepared(report, schedule, organization(), copy.membership.user.email)


def _actor(copy: ReportDelivery) -> Actor:
    member = copy.membership
    if not member.is_active or not member.user.is_active:
        raise Withheld("No longer an active member.")
    return actor_for_membership(member)


def _mail(prepared: Prepared, delivery_id: UUID) -> None:
    report, schedule, home = prepared.report, prepared.schedule, prepared.organization
    files: list[Attachment] = []
    if schedule.with_csv:
        files.append(documents.csv_file(report))
    if schedule.with_pdf:
        files.append(documents.pdf_file(report, home.name, clock.now()))
    send_email(
        to=prepared.address,
        subject=f"{schedule.name}: {report.headline}",
        template="report",
        context={
            "report": report,
            "rows": report.rows[:MAIL_ROWS],
            "lines": [_line(report.head, row) for row in report.rows[:MAIL_ROWS]],
            "hidden": max(0, len(report.rows) - MAIL_ROWS),
            "schedule": schedule,
            "organization": home,
            "link": absolute_url(report.path),
            "manage": absolute_url(org_url(home.slug, "reports:detail", schedule.id)),
        },
        message_id=f"report.{delivery_id}",
        attachments=files,
    )


def _line(head: Sequence[str], row: Sequence[str]) -> tuple[str, str]:
    """A row in plain text: its name, and what is known of it."""
    named = zip(head[1:], row[1:], strict=True)
    return row[0], ", ".join(f"{label} {text}" for label, text in named if text != fmt.DASH)


def _close(
    organization_id: UUID,
    delivery_id: UUID,
    state: DeliveryState,
    reason: str = "",
    headline: str = "",
) -> None:
    """Write how a try ended and let go of the copy. A failure for good is told to the owner."""
    with tenant_scope(organization_id):
        sent = state == DeliveryState.SENT
        closed = ReportDelivery.objects.filter(id=delivery_id, state=DeliveryState.WAITING).update(
            state=state,
            reason=reason[:300],
            headline=headline[:300],
            claimed_until=None,
            sent_at=clock.now() if sent else None,
        )
        if closed and state == DeliveryState.FAILED:
            _tell(delivery_id)


def _tell(delivery_id: UUID) -> None:
    copy = ReportDelivery.objects.select_related("schedule", "membership__user").get(id=delivery_id)
    schedule = copy.schedule
    notify(
        recipients=[schedule.owner_id],
        kind="report.failed",
        key=f"report:{copy.id}",
        title=f"“{schedule.name}” could not be sent to {copy.membership}",
        body=copy.reason,
        path=org_url(organization().slug, "reports:detail", schedule.id),
    )
