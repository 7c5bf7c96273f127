"""Put everything that is stored encrypted under the first key of FIELD_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.connectors.services import reencrypt_credentials
from apps.tenancy import doors
from apps.tenancy.scope import tenant_scope


class Command(BaseCommand):
    help = "Re-encrypt credentials with the first of FIELD_KEYS; older keys may then be removed."

    def handle(self, *args: Any, **options: Any) -> None:
        count = unreadable = 0
        for organization_id in doors.active_organizations():
            with tenant_scope(organization_id):
                done = reencrypt_credentials()
                count, unreadable = count + done.count, unreadable + done.unreadable
        if unreadable:
            raise CommandError(
                f"{count} credentials are under the first key; {unreadable} fit no key of "
                "FIELD_KEYS. Put back the key they were stored with, or enter them again."
            )
        self.stdout.write(f"{count} credentials are under the first key.")
