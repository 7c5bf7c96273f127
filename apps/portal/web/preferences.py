"""The person's own settings of the shell."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from apps.access.web import public
from apps.common.errors import Invalid
from apps.portal.theme import CHOICES, remember


@public("the login page has the switch too; it stores nothing but light or dark")
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark and go back; 422 for anything else."""
    theme = request.POST.get("theme", "")
    if theme not in CHOICES:
        raise Invalid("There is no such theme.", field="theme", fix="Send light or dark.")
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(
        target, {request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    response = HttpResponseRedirect(target)
    remember(request, response, theme)
    return response
