"""Write docs/approvals.md from the approval engine's rules."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.approvals.docs import PAGE, approvals_markdown


class Command(BaseCommand):
    help = "Write docs/approvals.md from apps/approvals"
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / PAGE
        path.write_text(approvals_markdown(), encoding="utf-8")
        self.stdout.write(f"wrote {path}")
