"""Put every stored credential under the first key of FIELD_KEYS."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.connectors.services import reencrypt_credentials
from apps.tenancy import doors
from apps.tenancy.scope import tenant_scope


class Command(BaseCommand):
    help = "Re-encrypt credentials with the first of FIELD_KEYS; older keys may then be removed."

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for organization_id in doors.active_organizations():
            with tenant_scope(organization_id):
                count += reencrypt_credentials()
        self.stdout.write(f"{count} credentials are under the first key.")
