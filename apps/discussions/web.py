"""Sending a kept file: always as a download, never as something a browser runs."""

from django.http import HttpResponse

from apps.discussions.models import Attachment
from apps.discussions.selectors import content_of


def download(attachment: Attachment) -> HttpResponse:
    response = HttpResponse(content_of(attachment), content_type=attachment.content_type)
    name = attachment.name.encode("ascii", "replace").decode().replace('"', "'")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response
