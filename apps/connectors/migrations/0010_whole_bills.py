from uuid import UUID

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0009_key_reviews"),
    ]

    operations = [
        migrations.AddField(
            model_name="providercost",
            name="provider",
            field=models.CharField(blank=True, db_default="", default="", max_length=255),
        ),
        migrations.AddField(
            model_name="providercost",
            name="service",
            field=models.CharField(blank=True, db_default="", default="", max_length=255),
        ),
        migrations.AddField(
            model_name="providercost",
            name="category",
            field=models.CharField(
                blank=True,
                choices=[
                    ("tokens", "Tokens"),
                    ("unnamed", "Tokens without a kind or model"),
                    ("units", "Usage in other units"),
                    ("purchase", "Purchases and commitments"),
                    ("tax", "Tax"),
                    ("credit", "Credits and refunds"),
                    ("correction", "Corrections of earlier bills"),
                    ("rounding", "Rounding"),
                    ("other", "Other charges"),
                ],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="providercost",
            name="until",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="providercost",
            name="effective_nanos",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="providercost",
            name="tokens",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="providercost",
            name="dims",
            field=models.UUIDField(db_default=UUID(int=0), default=UUID(int=0)),
        ),
        migrations.RemoveConstraint(
            model_name="providercost",
            name="provider_cost_line",
        ),
        migrations.AddConstraint(
            model_name="providercost",
            constraint=models.UniqueConstraint(
                fields=("organization_id", "source", "day", "project_id", "line_item", "dims"),
                name="provider_cost_line",
            ),
        ),
    ]
