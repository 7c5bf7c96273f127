"""What apps above tell the price book's pages: it asks nobody above it."""

from collections.abc import Callable, Collection

Pairs = Collection[tuple[str, str]]
_readers: list[Callable[[], Pairs]] = []


def register_used_models(reader: Callable[[], Pairs]) -> None:
    """Provider and model, as the price book names them, of what was used lately."""
    if reader not in _readers:
        _readers.append(reader)


def used_models() -> frozenset[tuple[str, str]]:
    """Models in use as the registered readers know them."""
    return frozenset(pair for reader in _readers for pair in reader())
