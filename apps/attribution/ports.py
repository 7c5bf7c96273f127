"""What attribution needs from apps above it, which register themselves when they start.

Attribution may not import them: stories know their codes, the ledger knows the usage.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from uuid import UUID

from apps.attribution.moves import Spend
from apps.attribution.rules import EmptyDirectory, Owner, StorySpan

StoryFinder = Callable[[str], Owner | None]
StoryReader = Callable[[], Mapping[UUID, tuple[StorySpan, ...]]]
UsageReader = Callable[[date, date], Iterable[Spend]]

_story_finder: StoryFinder = EmptyDirectory().story
_story_reader: StoryReader = dict
_usage_reader: UsageReader | None = None


def register_story_finder(finder: StoryFinder) -> None:
    """`finder(code)` gives a story's id with its capability and unit, in the open scope."""
    global _story_finder  # noqa: PLW0603 -- set once at start-up
    _story_finder = finder


def find_story(code: str) -> Owner | None:
    return _story_finder(code)


def register_story_reader(reader: StoryReader) -> None:
    """`reader()` gives, per capability, the approved stories its usage belongs to and when."""
    global _story_reader  # noqa: PLW0603 -- set once at start-up
    _story_reader = reader


def stories_of_capabilities() -> Mapping[UUID, tuple[StorySpan, ...]]:
    return _story_reader()


def register_usage_reader(reader: UsageReader) -> None:
    """`reader(start, end)` gives usage per dimension set and day, in the open scope."""
    global _usage_reader  # noqa: PLW0603 -- set once at start-up
    _usage_reader = reader


def usage_reader() -> UsageReader | None:
    """None while no ledger has registered: there is nothing to preview."""
    return _usage_reader
