"""Seats beside the meter: one plan whose source tells its tokens, two that are bought by list."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from apps.access.roles import Role
from apps.connectors.enums import SourceKind
from apps.connectors.models import Source
from apps.connectors.seats.models import SeatPlan
from apps.connectors.seats.services import import_seats, save_plan
from tokenops.demo.organization import Demo
from tokenops.simulator.claude_code import SUBSCRIBERS
from tokenops.simulator.company import COMPANY
from tokenops.simulator.company.types import Person

DEVELOPERS = frozenset({"DVX", "PLT", "COR", "DEN"})
CHATTERS = frozenset({"", "CLM", "CTC", "FIN", "LEG", "COM"})
DOLLAR = 10**9


def ensure_seats(demo: Demo, now: datetime) -> None:
    """Three plans and their people, once."""
    if SeatPlan.objects.exists():
        return
    actor = demo.role(Role.TOKENOPS_LEAD)
    people = COMPANY.people
    today = now.date()
    claude = save_plan(
        actor=actor,
        name="Claude Team",
        price_nanos=25 * DOLLAR,
        included="Claude Code and chat",
        source_id=Source.objects.filter(kind=SourceKind.CLAUDE_CODE).values_list("id", flat=True)[
            0
        ],
    )
    save_plan(
        actor=actor,
        name=claude.name,
        price_nanos=30 * DOLLAR,
        included=claude.included,
        plan_id=claude.id,
        version=claude.version,
        price_from=today,
    )
    save_plan(
        actor=actor, name="ChatGPT Enterprise", price_nanos=60 * DOLLAR, included="Paid once a year"
    )
    save_plan(
        actor=actor,
        name="GitHub Copilot Business",
        price_nanos=19 * DOLLAR,
        included="300 premium requests a month",
    )
    lines = [
        *_lines("Claude Team", (p for p in people if p.team in SUBSCRIBERS | {"PLN"}), today),
        *_lines("ChatGPT Enterprise", (p for p in people if p.team in CHATTERS), today, seen=True),
        *_lines("GitHub Copilot Business", (p for p in people if p.team in DEVELOPERS), today),
    ]
    head = "person,plan,name,team,since,last_active"
    import_seats(actor=actor, text="\n".join([head, *lines]))


def _lines(
    plan: str, people: Iterable[Person], today: date, *, seen: bool = False
) -> Iterable[str]:
    """Rows of the list: everybody since some months ago, where stated with a last day seen."""
    for number, person in enumerate(people):
        since = today - timedelta(days=70 + 9 * number)
        last = today - timedelta(days=1 + 2 * number) if seen else ""
        yield f"{person.email},{plan},{person.name},{person.team},{since},{last}"
