from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("imports", "0004_pruned_months"),
    ]

    operations = [
        migrations.AddField(
            model_name="importjob",
            name="mends",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="importedrow",
            name="effective_nanos",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="importedrow",
            name="tokens",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    ]
