"""Frozen documents as downloads."""

from django.http import HttpResponse


def document_response(filename: str, document: str) -> HttpResponse:
    """The stored text unchanged, so that its SHA-256 can be checked by anyone."""
    response = HttpResponse(document, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response
