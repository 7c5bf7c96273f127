"""Long answers: written inside the scope, sent after it."""

from collections.abc import Iterable
from tempfile import SpooledTemporaryFile
from uuid import UUID

from django.http import FileResponse

from apps.tenancy.scope import tenant_scope

_IN_MEMORY = 1 << 20


def tenant_stream(
    organization_id: UUID,
    chunks: Iterable[bytes],
    *,
    filename: str,
    content_type: str = "text/csv; charset=utf-8",
) -> FileResponse:
    """Spool the chunks inside the organization's scope, then send them from the file.

    A slow reader so never holds a transaction, and an error half way is an error page rather
    than a file that ends early.
    """
    spool = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 -- closed by the response
    with tenant_scope(organization_id):
        for chunk in chunks:
            spool.write(chunk)
    spool.seek(0)
    return FileResponse(spool, as_attachment=True, filename=filename, content_type=content_type)
