"""Creating people and changing what they say about themselves."""

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from apps.accounts.models import Theme, User, UserManager
from apps.common.errors import Conflict, FieldError, Invalid

NAME_MAX = 120


@transaction.atomic
def create_person(*, email: str, name: str, password: str, is_staff: bool = False) -> User:
    """A person whose address is verified: through an invitation's link, or on the first run.

    Raises Invalid for a bad address, name or password, Conflict when the address has an account.
    """
    address, full_name = UserManager.normalize(email), " ".join(name.split())
    user = User(email=address, name=full_name, is_staff=is_staff)
    problems = _name_problems(full_name)
    try:
        validate_email(address)
    except ValidationError:
        problems.append(FieldError("email", "This is not an e-mail address.", "ada@example.com"))
    try:
        validate_password(password, user)
    except ValidationError as error:
        problems += [FieldError("password", message) for message in error.messages]
    if problems:
        raise Invalid("The account cannot be created like this.", errors=problems)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise Conflict(
            "This e-mail address already has an account.",
            code="account_exists",
            fix="Log in with it.",
            field="email",
        ) from None
    EmailAddress.objects.create(user=user, email=address, primary=True, verified=True)
    return user


def change_profile(*, user: User, name: str, theme: str, shortcuts: bool) -> User:
    """Change the person's own name, colours and keyboard shortcuts. Raises Invalid."""
    full_name = " ".join(name.split())
    problems = _name_problems(full_name)
    if theme not in Theme.values:
        problems.append(FieldError("theme", "Choose one of: " + ", ".join(Theme.values)))
    if problems:
        raise Invalid("The profile was not saved.", errors=problems)
    user.name, user.theme, user.shortcuts = full_name, theme, shortcuts
    user.save(update_fields=["name", "theme", "shortcuts"])
    return user


def _name_problems(name: str) -> list[FieldError]:
    if not name:
        return [FieldError("name", "Say the name that colleagues know.")]
    if len(name) > NAME_MAX:
        return [FieldError("name", f"At most {NAME_MAX} characters.")]
    return []
