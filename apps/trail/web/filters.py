"""Filters of the trail. Days are the organization's own."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from apps.common.web.lists import DateRangeFilter, Filter
from apps.trail.actors import codes_like


@dataclass(frozen=True, slots=True)
class TextFilter(Filter):
    """The text occurs in the field, in any case."""

    def read(self, request: HttpRequest) -> Any:
        return " ".join(request.GET.get(self.name, "").replace("\x00", "").split())[:200]

    def apply(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return qs.filter(**{f"{self.lookup}__icontains": value})


class WhoFilter(TextFilter):
    """The text occurs in the name as it is shown: the system's programs are kept by their codes."""

    def apply(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        named = Q(actor_kind="system", actor_name__in=codes_like(value))
        return qs.filter(Q(actor_name__icontains=value) | named)


@dataclass(frozen=True, slots=True)
class IdFilter(Filter):
    """Equals a uuid; links of other pages use it."""

    def read(self, request: HttpRequest) -> Any:
        try:
            return UUID(request.GET.get(self.name, "").strip())
        except ValueError:
            return ""


@dataclass(frozen=True, slots=True)
class DaysFilter(DateRangeFilter):
    """From and to, whole days of a time zone; compares instants, so the index serves it."""

    zone: str = "UTC"

    def apply(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        start, end = value
        zone = ZoneInfo(self.zone)
        if start:
            qs = qs.filter(**{f"{self.lookup}__gte": datetime.combine(start, time(), zone)})
        if end:
            after = datetime.combine(end + timedelta(days=1), time(), zone)
            qs = qs.filter(**{f"{self.lookup}__lt": after})
        return qs
