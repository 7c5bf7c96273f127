"""The list framework on a real table."""

import csv
import io

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from apps.access.roles import Role
from apps.common.web.lists import (
    BooleanFilter,
    ChoiceFilter,
    Column,
    DateRangeFilter,
    Empty,
    ListPage,
    SearchFilter,
)
from apps.organizations.models import Unit
from tests.factories.organizations import make_unit

pytestmark = pytest.mark.django_db


class UnitList(ListPage):
    title = "Teams of the test"
    noun = ("team", "teams")
    columns = (
        Column("name", "Name", sort="name", link=lambda unit, request: f"/u/{unit.code}/"),
        Column("code", "Code", sort="code"),
        Column("secret", "Id", value=lambda unit: unit.id, in_table=False),
    )
    filters = (
        SearchFilter("q", "Search", fields=("code",)),
        ChoiceFilter("kind", "Kind", choices=[("team", "Team"), ("division", "Division")]),
        BooleanFilter("active", "Active", field="is_active"),
        DateRangeFilter("created", "Created", field="created_at", moment=True),
    )
    default_sort = "name"
    empty = Empty("No team yet", "Teams appear here.", "Add a team", "/new/")

    def get_queryset(self):
        return Unit.objects.exclude(parent=None)


class Endless(UnitList):
    paging = "keyset"
    default_sort = "-name"


@pytest.fixture
def ask(world):
    """A request inside organization A, without middleware."""

    def run(query="", view=UnitList, **headers):
        request = RequestFactory().get(f"/list/{query}", headers=headers)
        request.organization, request.user = world.a.organization, AnonymousUser()
        request.actor = world.a.actor(Role.OWNER)
        request.htmx = bool(headers)
        with world.a.scope():
            answer = view.as_view()(request)
            body = b"".join(answer) if answer.streaming else answer.content
            return answer, body.decode()

    return run


@pytest.fixture
def thirty(world):
    with world.a.scope():
        for number in range(30):
            make_unit(f"Team {number:02d}", kind="team" if number % 2 else "division")


def test_pages_are_numbered_and_stable(ask, thirty):
    _, first = ask()
    _, second = ask("?page=2")
    assert "30 teams, 1 to 25 shown" in first
    assert "Page 2 of 2" in second
    names = [f"Team {n:02d}" for n in range(30)]
    assert [n for n in names if f">{n}<" in first] == names[:25]
    assert [n for n in names if f">{n}<" in second] == names[25:]


def test_keyset_pages_continue_where_the_last_one_ended(ask, thirty):
    import re

    _, html = ask(view=Endless)
    assert ">Team 29<" in html
    cursor = re.search(r'rel="next" href="(\?after=[^"]+)"', html).group(1)
    _, html = ask(cursor, view=Endless)
    assert [n for n in range(30) if f">Team {n:02d}<" in html] == [0, 1, 2, 3, 4]
    _, html = ask("?after=broken!", view=Endless)
    assert ">Team 29<" in html


def test_sorting_says_its_direction_and_offers_the_other(ask, thirty):
    _, html = ask("?sort=-name")
    assert html.index(">Team 29<") < html.index(">Team 28<")
    assert 'aria-sort="descending"' in html
    assert 'href="?sort=name"' in html
    _, html = ask("?sort=-secret_field")
    assert html.index(">Team 00<") < html.index(">Team 01<")


def test_filters_narrow_and_an_unknown_value_is_left_out(ask, thirty):
    assert "15 teams" in ask("?kind=team")[1]
    assert "30 teams" in ask("?kind=robbers")[1]
    assert "1 team<" in ask("?q=TEAM-07")[1]
    assert "30 teams" in ask("?active=1&created_from=2020-01-01&created_to=tomorrow")[1]
    assert "Nothing matches these filters" in ask("?active=0")[1]
    assert "Nothing matches these filters" in ask("?created_to=2020-01-01")[1]


def test_an_empty_list_teaches(ask):
    _, html = ask()
    assert "No team yet" in html
    assert 'href="/new/"' in html


def test_htmx_gets_the_region_alone(ask, thirty):
    answer, html = ask("?page=2", **{"HX-Request": "true", "HX-Target": "list"})
    assert html.lstrip().startswith('<section class="card flush" id="list"')
    assert "HX-Request" in answer["Vary"]
    assert "HX-Target" in answer["Vary"]


def test_the_file_holds_every_row_of_the_filter(world, ask, thirty):
    with world.a.scope():
        make_unit("=SUM(A1)", kind="team", code="formula")
    answer, text = ask("?format=csv&kind=team&page=2")
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    assert answer["Content-Type"].startswith("text/csv")
    assert rows[0] == ["Name", "Code", "Id"]
    assert len(rows) == 1 + 15 + 1
    assert rows[1][0] == "'=SUM(A1)"
