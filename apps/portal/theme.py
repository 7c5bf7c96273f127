"""Light, dark or as the device says. Kept with the person; a cookie serves the login page."""

from django.http import HttpRequest, HttpResponse

COOKIE = "tokenops_theme"
CHOICES = ("light", "dark")
_YEAR = 365 * 24 * 3600


def theme_of(request: HttpRequest) -> str:
    """`light`, `dark`, or empty for the device's own."""
    user = getattr(request, "user", None)
    chosen = getattr(user, "theme", "") if user is not None and user.is_authenticated else ""
    if not chosen:
        chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in CHOICES else ""


def other_theme(theme: str) -> str:
    """What the switch leads to when the browser runs no script."""
    return "light" if theme == "dark" else "dark"


def remember(request: HttpRequest, response: HttpResponse, theme: str) -> None:
    """Keep the choice with the person, and in a cookie for pages before login."""
    user = request.user
    if user.is_authenticated and user.theme != theme:
        user.theme = theme
        user.save(update_fields=["theme"])
    response.set_cookie(
        COOKIE, theme, max_age=_YEAR, samesite="Lax", secure=request.is_secure(), httponly=True
    )
