"""A WSGI application that answers with what a push endpoint reads of a request."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "tokenops.settings"

import django

django.setup()

from django.core.handlers.wsgi import WSGIRequest  # noqa: E402

from apps.common.errors import DomainError  # noqa: E402
from apps.connectors.push.api.base import reader  # noqa: E402
from apps.connectors.push.body import read_body  # noqa: E402


def app(environ, start_response):
    request = WSGIRequest(environ)
    try:
        body = read_body(reader(request), request.headers.get("Content-Encoding", "")).plain
        status = "200 OK"
    except DomainError as error:
        body, status = error.message.encode(), f"{error.status} Refused"
    start_response(status, [("Content-Length", str(len(body)))])
    return [body]
