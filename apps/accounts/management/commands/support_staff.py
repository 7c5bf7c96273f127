"""Make a person staff of the installation (may enter organizations as support), or end it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import User, UserManager


class Command(BaseCommand):
    help = "Make a person support staff of this installation, or with --remove end it"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--remove", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        email, staff = UserManager.normalize(options["email"]), not options["remove"]
        if not User.objects.filter(email=email).update(is_staff=staff):
            raise CommandError(f"nobody has the address {email}")
        self.stdout.write(f"{email} is {'now' if staff else 'no longer'} support staff")
