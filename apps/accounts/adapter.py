"""How allauth behaves here: nobody signs up alone; a login ends at the entry page."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest

from apps.accounts.models import User

logger = logging.getLogger(__name__)


def display_name(user: User) -> str:
    """How allauth's pages and e-mails name a person."""
    return user.display_name


class AccountAdapter(DefaultAccountAdapter):
    """Accounts come from an invitation or from the first run only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def format_email_subject(self, subject: str) -> str:
        return subject.strip()

    def get_from_email(self) -> str:
        return settings.DEFAULT_FROM_EMAIL

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail server that is down is reported on the page and in the log, not as a 500."""
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError):
            logger.exception("account e-mail not sent", extra={"template": template_prefix})
            if self.request is not None:
                messages.error(
                    self.request,
                    "The e-mail could not be sent: the mail server does not answer. "
                    "Nothing else changed; try again later.",
                )
