from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("quality", "0006_growth"),
    ]

    operations = [
        migrations.AlterField(
            model_name="qualityalert",
            name="kind",
            field=models.CharField(
                choices=[
                    ("quiet", "Source is quiet"),
                    ("zero", "Dropped to zero"),
                    ("late", "Source is late"),
                    ("repeats", "Repeats itself"),
                    ("cost", "Cost does not fit its tokens"),
                    ("key", "Key that should not be used"),
                    ("schema", "Provider changed its answers"),
                    ("overlap", "Two channels count the same"),
                    ("step", "Figures took a step"),
                    ("partition", "Partition missing"),
                    ("growth", "Use grows fast"),
                    ("bill", "Bill differs from usage"),
                ],
                max_length=10,
            ),
        ),
    ]
