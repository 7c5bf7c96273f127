"""What an ended import means for the files it read."""

from uuid import UUID

from apps.connectors.files import services
from apps.connectors.imports.events import AUTOMATIC_ENDED
from apps.outbox.registry import Message, handler
from apps.tenancy.tasks import tenant_task


@tenant_task(name="files.settle", queue="connectors")
def settle(*, organization_id: UUID, job_id: str) -> None:
    """Give the import's figures to its run."""
    services.settle_import(UUID(job_id))


@handler(AUTOMATIC_ENDED)
def on_import_ended(message: Message) -> None:
    """Once an automatic import is done or has stopped."""
    settle.delay(organization_id=str(message.organization_id), job_id=message.payload["job_id"])
