"""People."""

import itertools

from apps.accounts.models import User
from apps.accounts.services import create_person

PASSWORD = "correct-horse-battery-7"

_numbers = itertools.count(1)


def make_user(email: str = "", name: str = "", *, is_staff: bool = False) -> User:
    """A person with a verified address and PASSWORD."""
    number = next(_numbers)
    return create_person(
        email=email or f"person{number}@example.com",
        name=name or f"Person {number}",
        password=PASSWORD,
        is_staff=is_staff,
    )
