"""What one page asks more than once is read once.

A request that only reads (GET, HEAD) sees one state of the organization: `remembering()` is open
around it, and reads marked with `@once` keep their first answer until it ends. Everywhere else
(services, tasks, requests that write) they read each time: nobody is told what was true before.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

A = ParamSpec("A")
R = TypeVar("R")
_kept: ContextVar[dict[Any, Any] | None] = ContextVar("tokenops_kept", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Keep the answers of `@once` reads inside."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def reading() -> bool:
    """Whether a request that only reads is being answered."""
    return _kept.get() is not None


def kept(name: str) -> dict[Any, Any]:
    """A dictionary that lives as long as the request that reads; a new one each time elsewhere."""
    store = _kept.get()
    return {} if store is None else store.setdefault(name, {})


def once(read: Callable[A, R]) -> Callable[A, R]:
    """Mark a read whose answer its callers do not change. Its arguments must be hashable."""
    name = f"{read.__module__}.{read.__qualname__}"

    @wraps(read)
    def asked(*args: A.args, **kwargs: A.kwargs) -> R:
        store = _kept.get()
        if store is None:
            return read(*args, **kwargs)
        key = (name, args, tuple(sorted(kwargs.items())))
        if key not in store:
            store[key] = read(*args, **kwargs)
        found: R = store[key]
        return found

    return asked
