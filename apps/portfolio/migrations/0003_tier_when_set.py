"""A capability has a tier of its own only where somebody set one.

Until now each began as standard without anybody saying so; a floor that was only the default goes.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("portfolio", "0002_tiers"),
    ]

    operations = [
        migrations.AlterField(
            model_name="capability",
            name="tier",
            field=models.CharField(
                blank=True,
                choices=[
                    ("light", "Light"),
                    ("standard", "Standard"),
                    ("heavy", "Heavy"),
                    ("critical", "Critical"),
                ],
                default="",
                max_length=10,
            ),
        ),
        migrations.RunSQL(
            "UPDATE portfolio_capability SET tier = '' WHERE tier = 'standard'",
            "UPDATE portfolio_capability SET tier = 'standard' WHERE tier = ''",
        ),
    ]
