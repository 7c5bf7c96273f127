"""One way to send an e-mail: plain text and HTML from two templates. Call it from tasks only."""

from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from apps.tenancy.urls import absolute_url

Attachment = tuple[str, bytes, str]
"""File name, content, media type."""


def send_email(
    *,
    to: str,
    subject: str,
    template: str,
    context: Mapping[str, Any],
    message_id: str,
    attachments: Sequence[Attachment] = (),
) -> None:
    """Send `emails/<template>.txt` and `.html` to one address.

    `message_id` is the same for every try of one message, so that a mail server or reader that
    gets it twice can tell. Raises OSError or SMTPException when the server refuses.
    """
    values = {
        "subject": subject,
        "base_url": absolute_url(""),
        **context,
    }
    mail = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=render_to_string(f"emails/{template}.txt", values),
        to=[to],
        headers={"Message-ID": f"<{message_id}@{_domain()}>", "Auto-Submitted": "auto-generated"},
    )
    mail.attach_alternative(render_to_string(f"emails/{template}.html", values), "text/html")
    for name, content, kind in attachments:
        mail.attach(name, content, kind)
    mail.send()


def _domain() -> str:
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return address.rpartition("@")[2] or "localhost"
