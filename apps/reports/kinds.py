"""What can be sent. Each app registers its own in AppConfig.ready()."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.http import QueryDict

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.reports.content import Report

Build = Callable[[Actor, QueryDict, date, date], Report]


@dataclass(frozen=True, slots=True)
class ReportKind:
    """A kind by its stable name. `permission` is what a person must hold to see any of it;
    `build(actor, query, start, end)` reads what the actor may see of the days [start, end)."""

    name: str
    label: str
    url_name: str
    permission: P
    build: Build


_kinds: dict[str, ReportKind] = {}


def register(name: str, *, label: str, url_name: str, permission: P, build: Build) -> None:
    """Make a kind known. The name is stored with schedules: never rename one."""
    _kinds[name] = ReportKind(name, label, url_name, permission, build)


def kind_of(name: str) -> ReportKind | None:
    return _kinds.get(name)


def kinds() -> list[ReportKind]:
    return sorted(_kinds.values(), key=lambda kind: kind.label)


def label_of(name: str) -> str:
    found = kind_of(name)
    return found.label if found else name
