"""Where an answer differs from what was documented: unknown fields, and expected ones that lack.

An answer is read by typed structures, which ignore what they do not know. This compares the raw
answer with the structure, so that a provider's change is seen before it is felt.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, ClassVar

import msgspec

UNKNOWN, MISSING = "unknown", "missing"
_FIGURE_WORDS = ("token", "amount", "cost", "spend", "currency", "price", "unit", "quantity")
Finding = tuple[str, str]
"""Path of the field in the answer (`data[].results[].amount`), and UNKNOWN or MISSING."""


class Documented(msgspec.Struct):
    """A part of an answer. Fields of the structure are read and expected, with these exceptions.

    `unread` names documented fields that are not used, as the provider spells them. `may_lack`
    names attributes that may be absent. An `open` part has names that callers chose: nothing in it
    is unknown.
    """

    unread: ClassVar[frozenset[str]] = frozenset()
    may_lack: ClassVar[frozenset[str]] = frozenset()
    open: ClassVar[bool] = False


def touches_figures(field: str) -> bool:
    """Whether a field's name says that it holds tokens or money."""
    name = field.rsplit(".", 1)[-1].lower()
    return any(word in name for word in _FIGURE_WORDS)


def find(raw: Any, shape: Any) -> set[Finding]:
    """Everything in an answer that its structure does not know, and what it lacks."""
    found: set[Finding] = set()
    _checker(shape)(raw, "", found)
    return found


_Check = Callable[[Any, str, set[Finding]], None]


def _leaf(_raw: Any, _path: str, _found: set[Finding]) -> None:
    return None


@cache
def _checker(shape: Any) -> _Check:
    return _of(msgspec.inspect.type_info(shape))


def _of(info: Any) -> _Check:
    if isinstance(info, msgspec.inspect.StructType):
        return _struct(info)
    if isinstance(info, msgspec.inspect.ListType):
        return _list(_of(info.item_type))
    if isinstance(info, msgspec.inspect.DictType):
        return _dict(_of(info.value_type))
    if isinstance(info, msgspec.inspect.UnionType):
        inner = [check for check in map(_of, info.types) if check is not _leaf]
        return inner[0] if inner else _leaf
    return _leaf


def _list(item: _Check) -> _Check:
    def check(raw: Any, path: str, found: set[Finding]) -> None:
        if isinstance(raw, list):
            for element in raw:
                item(element, f"{path}[]", found)

    return check


def _dict(value: _Check) -> _Check:
    def check(raw: Any, path: str, found: set[Finding]) -> None:
        if isinstance(raw, dict):
            for element in raw.values():
                value(element, f"{path}.*", found)

    return _leaf if value is _leaf else check


def _struct(info: msgspec.inspect.StructType) -> _Check:
    cls = info.cls
    unread: frozenset[str] = getattr(cls, "unread", frozenset())
    may_lack: frozenset[str] = getattr(cls, "may_lack", frozenset())
    fields = {field.encode_name: _of(field.type) for field in info.fields}
    expected = {field.encode_name for field in info.fields if field.name not in may_lack}
    known = fields.keys() | unread
    inner = {name: check for name, check in fields.items() if check is not _leaf}
    is_open = getattr(cls, "open", False)

    def check(raw: Any, path: str, found: set[Finding]) -> None:
        if not isinstance(raw, dict):
            return
        prefix = f"{path}." if path else ""
        if not is_open and not raw.keys() <= known:
            found.update((f"{prefix}{name}", UNKNOWN) for name in raw.keys() - known)
        if not expected <= raw.keys():
            found.update((f"{prefix}{name}", MISSING) for name in expected - raw.keys())
        for name, below in inner.items():
            if name in raw:
                below(raw[name], f"{prefix}{name}", found)

    return check
