"""Pages that can be saved. Each app registers its own in AppConfig.ready()."""

from dataclasses import dataclass

from apps.access.permissions import P


@dataclass(frozen=True, slots=True)
class ViewPage:
    """A page by its stable name, the URL name that shows it, and who may open it."""

    name: str
    label: str
    url_name: str
    permission: P


_pages: dict[str, ViewPage] = {}


def register(name: str, *, label: str, url_name: str, permission: P) -> None:
    """Make a page known. The name is stored with its views: never rename one."""
    _pages[name] = ViewPage(name, label, url_name, permission)


def page(name: str) -> ViewPage | None:
    return _pages.get(name)


def names() -> list[str]:
    return sorted(_pages)
