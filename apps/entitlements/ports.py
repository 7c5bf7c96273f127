"""What apps above say about capabilities: what their approved story was designed for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Design:
    """The approved story of a capability: its tier and the likely input tokens of one call."""

    ref: str
    tier: str
    input_per_call: int | None


Reader = Callable[[Iterable[UUID]], Mapping[UUID, Design]]
_readers: list[Reader] = []


def register_designs(reader: Reader) -> None:
    _readers[:] = [reader]


def designs(capability_ids: Iterable[UUID]) -> Mapping[UUID, Design]:
    """Designs of those capabilities that have one."""
    return _readers[0](capability_ids) if _readers else {}
