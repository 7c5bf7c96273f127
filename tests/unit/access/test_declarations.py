"""Every view says who may open it; the decorators work on functions, classes and methods."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import RequestFactory
from django.urls import URLResolver, path
from django.urls.resolvers import RegexPattern
from django.views import View
from rest_framework.views import APIView

from apps.access.actors import Actor, Binding
from apps.access.api import PermissionRequired
from apps.access.checks import every_view_declares, walk
from apps.access.declarations import declaration_of
from apps.access.permissions import P
from apps.access.roles import Role
from apps.access.web import public, requires, signed_in


def request(role: Role | None = None, *, logged_in: bool = True, staff: bool = False, **headers):
    found = RequestFactory().get("/page/?a=1", headers=headers)
    signed = SimpleNamespace(is_authenticated=True, is_staff=staff)
    found.user = signed if logged_in else AnonymousUser()
    found.actor = role and Actor("user", uuid4(), "Ada", uuid4(), (Binding(role),))
    return found


@requires(P.STORY_VIEW)
def page(request):
    return HttpResponse("ok")


@requires(P.STORY_VIEW)
class Page(View):
    def get(self, request):
        return HttpResponse("ok")

    @requires(P.STORY_WRITE)
    def post(self, request):
        return HttpResponse("written")


class ByMethod(View):
    @requires(P.STORY_VIEW)
    def get(self, request):
        return HttpResponse("ok")

    @requires(P.STORY_WRITE)
    def post(self, request):
        return HttpResponse("written")


class HalfDeclared(View):
    @requires(P.STORY_VIEW)
    def get(self, request):
        return HttpResponse("ok")

    def post(self, request):
        return HttpResponse("written")


class Api(APIView):
    permission_classes = (PermissionRequired,)
    permission_required = {"GET": P.STORY_VIEW}

    def get(self, request):
        return HttpResponse("ok")


class OpenApi(APIView):
    permission_classes = ()
    permission_required = {"GET": P.STORY_VIEW}


@pytest.mark.parametrize("view", [page, Page.as_view(), ByMethod.as_view()])
def test_the_permission_decides(view):
    assert view(request(Role.VIEWER)).status_code == 200
    with pytest.raises(PermissionDenied):
        view(request(None))


@pytest.mark.parametrize("view", [page, Page.as_view(), ByMethod.as_view()])
def test_anonymous_people_are_led_to_the_login_and_back(view):
    answer = view(request(logged_in=False))
    assert answer.status_code == 302
    assert answer["Location"] == "/account/login/?next=/page/%3Fa%3D1"


def test_htmx_is_told_to_load_the_login_page():
    answer = page(request(None, logged_in=False, **{"HX-Request": "true"}))
    assert (answer.status_code, answer["HX-Redirect"]) == (401, "/account/login/")


def test_a_method_may_need_more():
    post = request(Role.VIEWER)
    post.method = "POST"
    with pytest.raises(PermissionDenied):
        Page.as_view()(post)
    with pytest.raises(PermissionDenied):
        ByMethod.as_view()(post)


def test_a_login_is_enough_for_pages_about_the_person():
    view = signed_in("the person's own page")(lambda request: HttpResponse("ok"))
    assert view(request(None)).status_code == 200
    assert view(request(None, logged_in=False)).status_code == 302


def test_public_pages_are_open():
    view = public("nothing to protect")(lambda request: HttpResponse("ok"))
    assert view(request(None, logged_in=False)).status_code == 200


def test_platform_permissions_belong_to_staff():
    view = requires(P.SUPPORT_ENTER)(lambda request: HttpResponse("ok"))
    assert view(request(None, staff=True)).status_code == 200
    with pytest.raises(PermissionDenied):
        view(request(Role.OWNER))


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_open_pages_say_why(reason):
    with pytest.raises(ValueError, match="why"):
        public(reason)


@pytest.mark.parametrize(
    ("view", "declared"),
    [
        (page, "story.view"),
        (Page.as_view(), "story.view"),
        (ByMethod.as_view(), "story.view"),
        (Api.as_view(), "story.view"),
        (public("docs")(lambda request: None), "public: docs"),
        (signed_in("own")(lambda request: None), "signed in: own"),
    ],
)
def test_declarations_are_found(view, declared):
    assert str(declaration_of(view)) == declared


@pytest.mark.parametrize(
    "view", [lambda request: None, HalfDeclared.as_view(), OpenApi.as_view(), View.as_view()]
)
def test_views_that_say_nothing_are_found(view):
    view.__module__ = "apps.somewhere"
    assert declaration_of(view) is None


def test_the_check_names_the_address(monkeypatch):
    def forgotten(request):
        return HttpResponse("open to all")

    resolver = URLResolver(
        RegexPattern(r"^/"), [path("fine/", page), path("forgotten/<int:pk>/", forgotten)]
    )
    monkeypatch.setattr("apps.access.checks.get_resolver", lambda: resolver)
    assert [route for route, _ in walk()] == ["fine/", "forgotten/<int:pk>/"]
    (error,) = every_view_declares(None)
    assert error.id == "access.E001"
    assert "/forgotten/<int:pk>/" in error.msg
