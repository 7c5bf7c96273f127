"""OpenRouter: activity of the last 30 completed UTC days behind a management key.

`/generation` tells one call whose id is known; nothing lists the ids, so calls are not pulled.
"""

from datetime import date
from typing import ClassVar

from apps.connectors.providers import openrouter_rules as rules
from apps.connectors.providers.base import ApiClient, Ask, CostLine, RowRefused, UsageRead
from apps.connectors.providers.drift import Documented

DEFAULT_URL = "https://openrouter.ai/api"
ACTIVITY = "/v1/activity"


class Activity(Documented):
    data: list[rules.ActivityRow]


class Balance(Documented):
    total_credits: float = 0
    total_usage: float = 0

    open: ClassVar = True


class Credits(Documented):
    data: Balance


class OpenRouterClient(ApiClient):
    """The management API."""

    def check(self) -> str:
        """The balance and the activity: only a management key reads the latter."""
        self._http.get("/v1/credits", [], Credits)
        self._rows()
        return ""

    def usage(self, ask: Ask) -> UsageRead:
        """Days per model and endpoint."""
        found = UsageRead(buckets=len(ask.days))
        wanted = set(ask.days)
        for row in self._rows():
            where = f"{row.date} {row.model}"
            try:
                day = rules.day_of(row)
                if day not in wanted:
                    continue
                found.rows += 1
                record = rules.usage_of(row, day, ask)
            except RowRefused as error:
                found.refuse(where, error)
                continue
            (found.compared if rules.is_own_key(row) else found.usage).append(record)
        return found

    def costs(self, start: date, end: date) -> list[CostLine]:
        """What OpenRouter charged per day, model and endpoint."""
        lines = []
        for row in self._rows():
            try:
                day = rules.day_of(row)
            except RowRefused:
                continue
            if start <= day < end:
                lines.append(rules.cost_of(row, day))
        return lines

    def _rows(self) -> list[rules.ActivityRow]:
        return self._http.get(ACTIVITY, [], Activity).data
