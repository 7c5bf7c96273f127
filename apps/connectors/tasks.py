"""Pulling on schedule and on request. Network calls are never inside a scope."""

from uuid import UUID

from celery import shared_task

from apps.access.actors import system_actor
from apps.access.roles import Role
from apps.common import clock
from apps.connectors import selectors, services
from apps.connectors.enums import SourceKind, Trigger
from apps.connectors.files.selectors import reads_files
from apps.connectors.files.services import read_files_again, read_source
from apps.connectors.models import Source
from apps.connectors.services.guards import BLOCKED, PULL_REQUESTED, TROUBLE
from apps.connectors.services.roles import ROLE_CHANGED, move_usage
from apps.notifications.services import notify
from apps.organizations.selectors import administrators, organization, people_with_role
from apps.outbox.registry import Message, handler
from apps.tenancy.scope import tenant_scope
from apps.tenancy.tasks import fan_out, tenant_task
from apps.tenancy.urls import org_url

SCHEDULE = {"connectors.pull_due": 60.0}


@tenant_task(name="connectors.pull", queue="connectors", scoped=False)
def pull(
    *,
    organization_id: UUID,
    source_id: str,
    trigger: str = Trigger.SCHEDULE,
    requested_by: str = "",
    check: bool = False,
) -> None:
    """One run; while history is left, the next one follows as a task of its own."""
    with tenant_scope(organization_id):
        of_files = reads_files(UUID(source_id))
    if of_files:
        more = read_source(
            organization_id=organization_id,
            source_id=UUID(source_id),
            trigger=Trigger(trigger),
            requested_by=requested_by,
            check_only=check,
        )
    else:
        more = services.pull_source(
            organization_id=organization_id,
            source_id=UUID(source_id),
            trigger=Trigger(trigger),
            requested_by=requested_by,
            check_only=check,
        ).more
    if more:
        pull.delay(
            organization_id=str(organization_id),
            source_id=source_id,
            trigger=trigger,
            requested_by=requested_by,
        )


@tenant_task(name="connectors.pull_due_of", queue="connectors", scoped=False)
def pull_due_of(*, organization_id: UUID) -> None:
    """Enqueue the organization's due sources. A source that is running is not due."""
    with tenant_scope(organization_id):
        due = selectors.due_sources(clock.now())
    for source_id in due:
        pull.delay(organization_id=str(organization_id), source_id=str(source_id))


@shared_task(name="connectors.pull_due", queue="connectors")
def pull_due() -> int:
    """Once a minute: look at every organization."""
    return fan_out(pull_due_of)


@handler(PULL_REQUESTED)
def on_pull_requested(message: Message) -> None:
    """Start what a person asked for. Twice is harmless: a source has one run at a time."""
    payload = message.payload
    pull.delay(
        organization_id=str(message.organization_id),
        source_id=payload["source_id"],
        trigger=Trigger.PERSON,
        requested_by=payload.get("requested_by", ""),
        check=bool(payload.get("check")),
    )


@handler(ROLE_CHANGED)
def on_role_changed(message: Message) -> None:
    """Move what a source counted since it is only compared; read files that count now again."""
    source_id = UUID(message.payload["source_id"])
    move_usage(organization_id=message.organization_id, source_id=source_id)
    with tenant_scope(message.organization_id):
        source = Source.objects.get(id=source_id)
        if source.kind == SourceKind.FILES and not source.is_compared:
            read_files_again(actor=system_actor("connectors.roles"), source_id=source_id)


@handler(TROUBLE)
def tell_about_trouble(message: Message) -> None:
    """Administrators and TokenOps leads hear once of each stop and each change of an answer."""
    payload = message.payload
    with tenant_scope(message.organization_id):
        source = Source.objects.get(id=UUID(payload["source_id"]))
        people = {person.id for person in administrators()}
        people |= {person.id for person in people_with_role(Role.TOKENOPS_LEAD)}
        blocked = payload["what"] == BLOCKED
        slug = organization().slug
        notify(
            recipients=people,
            kind=f"source.{payload['what']}",
            key=f"source:{source.id}:{payload['occasion']}",
            title=(
                f"{source.name} stopped: its credential was refused"
                if blocked
                else f"{source.name} answers in another shape"
            ),
            body=(
                "Nothing is read until the credential is replaced. Nothing was lost."
                if blocked
                else "A field is new or missing. Look at the alarm and acknowledge it."
            ),
            path=org_url(
                slug, "connectors:detail" if blocked else "connectors:alarms", source_id=source.id
            ),
        )
