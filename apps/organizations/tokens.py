"""Secrets: API keys are random; an invitation's link is derived, so that it is never stored.

`hash_secret` is what the doors look up. The secrets carry 256 bits, so a plain SHA-256 is enough.
"""

import base64
import secrets
from uuid import UUID

from django.utils.crypto import salted_hmac

from apps.organizations.rules import KEY_PREFIX
from apps.tenancy.middleware import hash_secret

__all__ = ["hash_secret", "invitation_token", "new_key_secret"]

_SALT = "tokenops.invitation"


def invitation_token(invitation_id: UUID, generation: int) -> str:
    """The secret part of an invitation's link; another generation has another one."""
    digest = salted_hmac(_SALT, f"{invitation_id}:{generation}", algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def new_key_secret() -> str:
    """A new API key: `tok_` and 256 random bits."""
    return KEY_PREFIX + secrets.token_urlsafe(32)
