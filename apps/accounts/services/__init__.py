"""Writes about people, and messages to them."""

from apps.accounts.services.mail import Attachment, send_email
from apps.accounts.services.people import change_profile, create_person

__all__ = ["Attachment", "change_profile", "create_person", "send_email"]
