"""`/o/<organization>/`: what needs me, are we on plan, what changed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.access.permissions import P
from apps.access.web import requires


@requires(P.ORG_VIEW)
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/home.html", {"title": "Home"})
