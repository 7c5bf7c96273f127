"""The door through which the dispatcher finds organizations with due messages."""

from django.db import migrations

from apps.tenancy.db.operations import SecurityDefinerFunction


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial")]
    operations = [
        SecurityDefinerFunction(
            "organizations_with_due_outbox(how_many integer)",
            "SETOF uuid",
            "SELECT organization_id FROM outbox_outboxmessage "
            "WHERE state = 'waiting' AND available_at <= now() "
            "GROUP BY organization_id ORDER BY min(available_at) LIMIT how_many",
            reads=("outbox_outboxmessage",),
        )
    ]
