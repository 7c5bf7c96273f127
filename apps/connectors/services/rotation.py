"""Every stored ciphertext under the first key of `FIELD_KEYS`, so that older keys may go.

The apps above store secrets of their own with `apps.connectors.crypto`; they name them here, in
their AppConfig.ready(): a ciphertext that nobody named would be lost with its key.
"""

from dataclasses import dataclass

from apps.connectors import crypto
from apps.connectors.models import Source
from apps.tenancy.models import TenantModel

_encrypted: dict[type[TenantModel], tuple[str, ...]] = {Source: ("credential",)}


@dataclass(frozen=True, slots=True)
class Reencrypted:
    """How many ciphertexts are under the first key now, and how many fit no configured key."""

    count: int = 0
    unreadable: int = 0


def register_encrypted(model: type[TenantModel], *fields: str) -> None:
    """Name the fields of a model that hold ciphertexts ("" where there is none)."""
    _encrypted[model] = fields


def reencrypt_credentials() -> Reencrypted:
    """Put every ciphertext of the open scope under the first key.

    One that fits no key stays as it is and is counted. One that somebody replaces meanwhile is
    left alone: it is under the first key already.
    """
    count = unreadable = 0
    for model, fields in _encrypted.items():
        for field in fields:
            kept = model.objects.exclude(**{field: ""})
            for row_id, token in kept.values_list("id", field):
                try:
                    fresh = crypto.rotate(token)
                except crypto.CredentialUnreadable:
                    unreadable += 1
                    continue
                model.objects.filter(id=row_id, **{field: token}).update(**{field: fresh})
                count += 1
    return Reencrypted(count, unreadable)
