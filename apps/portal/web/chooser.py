"""`/`: straight into the organization, or a choice between several."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from apps.access.web import public, to_login
from apps.tenancy import doors
from apps.tenancy.urls import org_url


@public("leads to the first-run page, the login page or the person's organizations")
def chooser(request: HttpRequest) -> HttpResponse:
    """First run: set up. One organization: its home. Several: choose. None: say what to do."""
    if not request.user.is_authenticated:
        return _set_up() if not doors.any_organization() else to_login(request)
    belongings = doors.memberships_of(request.user.pk)
    if len(belongings) == 1:
        return HttpResponseRedirect(org_url(belongings[0].slug, "portal:home"))
    if not belongings and not doors.any_organization():
        return _set_up()
    links = [
        {"name": b.name, "slug": b.slug, "url": org_url(b.slug, "portal:home")} for b in belongings
    ]
    return render(
        request, "portal/chooser.html", {"title": "Choose an organization", "organizations": links}
    )


def _set_up() -> HttpResponse:
    """The first-run page: it creates the organization and its owner."""
    return HttpResponseRedirect(reverse("organizations_global:setup"))
