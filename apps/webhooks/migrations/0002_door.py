"""The door through which the scheduled reader finds organizations with active webhooks."""

from django.db import migrations

from apps.tenancy.db.operations import SecurityDefinerFunction


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial")]
    operations = [
        SecurityDefinerFunction(
            "organizations_with_webhooks()",
            "SETOF uuid",
            "SELECT DISTINCT organization_id FROM webhooks_webhookendpoint WHERE status = 'active'",
            reads=("webhooks_webhookendpoint",),
        )
    ]
