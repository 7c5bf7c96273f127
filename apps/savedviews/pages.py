"""Pages that can be saved. Each app registers its own in AppConfig.ready()."""

from collections.abc import Iterable
from dataclasses import dataclass

from apps.access.permissions import P


@dataclass(frozen=True, slots=True)
class ViewPage:
    """A page by its stable name, the URL name that shows it, and who may open it. `personal` names
    the parameters whose values are people."""

    name: str
    label: str
    url_name: str
    permission: P
    personal: frozenset[str] = frozenset()


_pages: dict[str, ViewPage] = {}


def register(
    name: str, *, label: str, url_name: str, permission: P, personal: Iterable[str] = ()
) -> None:
    """Make a page known. The name is stored with its views: never rename one."""
    _pages[name] = ViewPage(name, label, url_name, permission, frozenset(personal))


def page(name: str) -> ViewPage | None:
    return _pages.get(name)


def names() -> list[str]:
    return sorted(_pages)
