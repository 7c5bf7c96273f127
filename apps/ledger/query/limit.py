"""A question that takes too long is cut, and the answer says what to ask instead."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

from apps.common.errors import Invalid

SECONDS = 5
_CANCELLED = "57014"


class TooSlow(Invalid):
    """The question was cut. A coarser grain or fewer days read less."""

    code = "query_too_slow"


@contextmanager
def time_limit(seconds: float = SECONDS) -> Iterator[None]:
    """Cut each statement inside after so many seconds: TooSlow. The transaction goes on."""
    try:
        with transaction.atomic():
            before = _limit(f"{int(seconds * 1000)}ms")
            yield
            # A savepoint's release keeps the setting; undoing one takes it back by itself.
            _limit(before)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != _CANCELLED:
            raise
        raise TooSlow(
            f"The question took more than {seconds:g} seconds and was cut.",
            field="grain",
            fix="Ask for a coarser grain, fewer days or fewer groupings.",
        ) from None


def _limit(value: str) -> str:
    """Set it, and tell what it was."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT was, set_config('statement_timeout', %s, true) "
            "FROM (SELECT current_setting('statement_timeout') AS was OFFSET 0) s",
            [value],
        )
        was: str = cursor.fetchone()[0]
        return was
