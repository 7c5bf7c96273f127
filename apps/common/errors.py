"""Errors a user can act on. Each names what is wrong, and where it can, the field and the fix.

Web and API turn them into pages and problem documents (RFC 9457) in one place each, and the
request's transaction is rolled back: an answer with an error never leaves half of a write.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One refused input: the field's path, what is wrong with it and how to mend it."""

    field: str
    message: str
    fix: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


class DomainError(Exception):
    """Base of all refusals. `status` is the HTTP status of the answer."""

    status = 400
    code = "bad_request"
    title = "Bad request"

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "",
        fix: str = "",
        field: str = "",
        errors: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(message or self.title)
        self.message = message or self.title
        self.code = code or self.code
        self.fix = fix
        self.errors = list(errors)
        if field and not self.errors:
            self.errors = [FieldError(field, self.message, fix)]


class NotFound(DomainError):
    """The object does not exist, or not for this organization: the two must look the same."""

    status, code, title = 404, "not_found", "Not found"


class Forbidden(DomainError):
    """The actor is known but lacks the permission."""

    status, code, title = 403, "forbidden", "You may not do this"


class Conflict(DomainError):
    """The object is not in the state, or no longer in the version, that the action needs."""

    status, code, title = 409, "conflict", "The object has changed"


class Invalid(DomainError):
    """The input cannot be accepted; `errors` names each field and its fix."""

    status, code, title = 422, "invalid", "The input is not valid"


class TooLarge(DomainError):
    """The input is larger than the documented limit."""

    status, code, title = 413, "too_large", "The input is too large"
