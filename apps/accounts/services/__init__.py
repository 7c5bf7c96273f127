"""Writes about people, and messages to them."""

from apps.accounts.services.mail import send_email
from apps.accounts.services.people import change_profile, create_person

__all__ = ["change_profile", "create_person", "send_email"]
