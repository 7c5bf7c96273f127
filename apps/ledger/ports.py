"""What the ledger asks apps above it while it takes what was handed in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from apps.ledger.schema import UsageIn


class Channels(Protocol):
    """Who decides which usage of a source counts. Called in the scope of an organization."""

    def counting(
        self, source_id: UUID, usages: Sequence[UsageIn], accepted_at: datetime
    ) -> tuple[list[UsageIn], int]:
        """The usage that counts, and the version of the decision. The rest is kept elsewhere,
        in the open transaction; repeating it keeps it once."""

    def version(self, source_id: UUID) -> int:
        """The version of the decision now. Call it under the ledger's lock."""


class EverythingCounts:
    """Without an app that knows channels."""

    def counting(
        self, source_id: UUID, usages: Sequence[UsageIn], accepted_at: datetime
    ) -> tuple[list[UsageIn], int]:
        return list(usages), 0

    def version(self, source_id: UUID) -> int:
        return 0


_registered: list[Channels] = [EverythingCounts()]


def register_channels(channels: Channels) -> None:
    """Let an app decide."""
    _registered[:] = [channels]


def channels() -> Channels:
    return _registered[0]
