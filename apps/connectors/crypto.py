"""Credentials at rest: Fernet (AES-128-CBC with HMAC-SHA256) under `settings.FIELD_KEYS`.

The first key encrypts, every key decrypts. To rotate: put a new key first, run
`manage.py rotate_field_keys`, then remove the old one.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from apps.common.errors import DomainError

_VISIBLE = 4
_LONG_ENOUGH = 12
_SHORTEST = 8


class CredentialUnreadable(DomainError):
    """The ciphertext fits none of the configured keys."""

    status, code, title = 409, "credential_unreadable", "The credential cannot be read"


def _fernet() -> MultiFernet:
    keys = [key for key in settings.FIELD_KEYS if key]
    if not keys:
        raise CredentialUnreadable(
            "No key is configured for credentials.", fix="Set FIELD_KEYS and start again."
        )
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(secret: str) -> str:
    """Ciphertext of a secret under the first key."""
    return _fernet().encrypt(secret.encode()).decode()


def decrypt(token: str) -> str:
    """The secret. Raises CredentialUnreadable when no configured key fits."""
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise CredentialUnreadable(
            "The stored credential was encrypted with a key that is no longer configured.",
            fix="Enter the credential again, or restore the key in FIELD_KEYS.",
        ) from error


def rotate(token: str) -> str:
    """The same secret under the first key."""
    try:
        return _fernet().rotate(token.encode()).decode()
    except InvalidToken as error:
        raise CredentialUnreadable("The stored credential fits no configured key.") from error


def hint(secret: str) -> str:
    """The last characters of a long secret; nothing of a short one."""
    return f"…{secret[-_VISIBLE:]}" if len(secret) >= _LONG_ENOUGH else "…"


def redact(text: str, *secrets: str) -> str:
    """The text without the secrets, longer ones first: one may hold another."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "[credential]")
    return text


def forms(secret: str) -> tuple[str, ...]:
    """Every form in which a credential may show up: itself, its halves, and as a Basic header."""
    halves = [half for half in secret.split(":") if len(half) >= _SHORTEST]
    encoded = [
        base64.b64encode(text.encode()).decode() for text in (secret, f"{secret}:", f":{secret}")
    ]
    return (secret, *halves, *encoded)
