"""Write the reviewed snapshot of the API's description."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.api.schema import SNAPSHOT, description


class Command(BaseCommand):
    help = "Write docs/api/openapi.yaml. Needs no database."

    def handle(self, *args: Any, **options: Any) -> None:
        (Path(settings.BASE_DIR) / SNAPSHOT).write_text(description(), encoding="utf-8")
