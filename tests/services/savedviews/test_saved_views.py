"""Views: one's own, shared ones, and what nobody may do."""

import pytest

from apps.access.roles import Role
from apps.common.errors import Forbidden, Invalid, NotFound
from apps.savedviews import selectors, services
from apps.savedviews.models import SavedView
from apps.savedviews.rules import clean_query
from apps.trail.models import TrailEvent


@pytest.fixture
def side(world):
    for role in (Role.CFO, Role.CIO, Role.MEMBER):
        world.a.person(role)
    return world.a


def save(side, role, name="Late ones", **values):
    values = {"page": "approvals", "query": "?sort=-amount&page=3&q=&format=csv", **values}
    with side.scope():
        return services.save_view(actor=side.actor(role), name=name, **values)


def seen(side, role):
    with side.scope():
        return [v.name for v in selectors.views(side.actor(role), "approvals")]


def test_a_view_keeps_the_filters_without_the_moment():
    assert clean_query("?tab=mine&sort=-amount&page=2&choice=reject&q=") == "tab=mine&sort=-amount"
    assert clean_query("unit=a&unit=b&q=%C3%A4 b") == "unit=a&unit=b&q=%C3%A4+b"


def test_own_and_shared(side):
    view = save(side, Role.CFO)
    assert view.query == "sort=-amount"
    save(side, Role.CIO, "Board", shared=True)
    assert seen(side, Role.CFO) == ["Late ones", "Board"]
    assert seen(side, Role.CIO) == ["Board"]
    with side.scope():
        assert TrailEvent.objects.filter(action="saved_view.shared").count() == 1


def test_the_same_name_replaces(side):
    first = save(side, Role.CFO)
    again = save(side, Role.CFO, "Late  ones", query="tab=others")
    assert (again.id, again.query) == (first.id, "tab=others")
    with side.scope():
        assert SavedView.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"page": "nowhere"}, "page"),
        ({"name": " "}, "name"),
        ({"query": "q=" + "x" * 3000}, "query"),
    ],
)
def test_refused_input_writes_nothing(side, values, field):
    with pytest.raises(Invalid) as caught:
        save(side, Role.CFO, **values)
    assert [e.field for e in caught.value.errors] == [field]
    with side.scope():
        assert not SavedView.objects.exists()


def test_programs_keep_none(side):
    with side.scope(), pytest.raises(Forbidden):
        services.save_view(actor=side.key_actor, page="approvals", name="x", query="")


def test_deleting_is_the_owners(side):
    mine = save(side, Role.CFO)
    shared = save(side, Role.CIO, "Board", shared=True)
    with side.scope():
        with pytest.raises(NotFound):
            services.delete_view(actor=side.actor(Role.CIO), view_id=mine.id)
        with pytest.raises(Forbidden):
            services.delete_view(actor=side.actor(Role.CFO), view_id=shared.id)
        assert SavedView.objects.count() == 2
        services.delete_view(actor=side.actor(Role.OWNER), view_id=shared.id)
        services.delete_view(actor=side.actor(Role.CFO), view_id=mine.id)
        assert not SavedView.objects.exists()


def test_page_and_api(side):
    browser = side.client(Role.CFO)
    response = browser.post(
        side.url("savedviews:save"),
        {"page": "approvals", "name": "Money", "query": "sort=-amount", "shared": "1"},
    )
    assert response["Location"] == side.url("approvals:list") + "?sort=-amount"
    headers = {"X-TokenOps-Organization": side.organization.slug}
    listed = browser.get("/api/v1/saved-views/?page=approvals", headers=headers).json()["results"]
    assert [(v["name"], v["query"], v["is_shared"]) for v in listed] == [
        ("Money", "sort=-amount", True)
    ]
    made = browser.post(
        "/api/v1/saved-views/",
        {"page": "approvals", "name": "Own"},
        content_type="application/json",
        headers=headers,
    )
    assert made.status_code == 201
    gone = browser.delete(f"/api/v1/saved-views/{made.json()['id']}/", headers=headers)
    assert gone.status_code == 204
    evil = browser.post(
        side.url("savedviews:save"), {"page": "approvals", "name": "", "back": "//evil.example/"}
    )
    assert evil["Location"] == side.url("approvals:list")
