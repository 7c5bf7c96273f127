"""Whether a key is known, and when its use is news. Pure."""

from datetime import date, datetime, timedelta

from apps.connectors.enums import Listing

STALE = timedelta(days=2)
"""A directory is read every hour: what it has not named for so long is gone."""
NEW = timedelta(days=14)
"""How long the first use of an unknown key is news."""


def listing(seen_at: datetime, directory_at: datetime | None) -> Listing:
    """Of a key that a directory named once, last at `seen_at`.

    `directory_at` is when that directory was last read: a source that is paused does not make its
    keys disappear.
    """
    if directory_at is not None and directory_at - seen_at > STALE:
        return Listing.GONE
    return Listing.LISTED


def is_news(first_used: date | None, since: date | None, today: date) -> bool:
    """Whether a key began lately. `since` is the first day with usage of anything: in the first
    weeks of an organization everything is new, and nothing is news."""
    if first_used is None or since is None:
        return False
    return today - first_used <= NEW and today - since > 2 * NEW
