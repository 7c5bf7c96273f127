"""Reads of saved views, inside the open scope."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.access.actors import Actor
from apps.access.people import sees_people_of
from apps.access.services import can_anywhere
from apps.common.errors import NotFound
from apps.common.memo import once
from apps.savedviews import pages, rules
from apps.savedviews.models import DefaultView, SavedView


def views(actor: Actor, page: str = "") -> QuerySet[SavedView]:
    """The actor's own views and the shared ones, of pages the actor may open; own ones first."""
    wanted = [page] if page else pages.names()
    open_to = [
        name
        for name in wanted
        if (known := pages.page(name)) is not None and can_anywhere(actor, known.permission)
    ]
    mine = Q(is_shared=True)
    if actor.membership_id is not None:
        mine |= Q(membership_id=actor.membership_id)
    return SavedView.objects.filter(mine, page__in=open_to).order_by("is_shared", "name", "id")


def query_of(actor: Actor, view: SavedView) -> str:
    """The query string of a view as the actor may read it."""
    return readable(actor, view.page, view.query)


def readable(actor: Actor, page: str, query: str) -> str:
    """A page's query string without people for those who may not see the people of the page."""
    known = pages.page(page)
    if known is None or not known.personal or sees_people_of(actor, known.permission):
        return query
    return rules.without(query, known.personal)


def view_by_id(actor: Actor, view_id: UUID) -> SavedView:
    """Raises NotFound for a view that is neither the actor's own nor shared."""
    found = views(actor).filter(id=view_id).first()
    if found is None:
        raise NotFound("There is no such saved view.", code="saved_view_not_found")
    return found


def views_with_default(actor: Actor, page: str) -> tuple[list[SavedView], SavedView | None]:
    """The views of a page, and the one it opens with for the actor; in one query."""
    rows = views(actor, page)
    if actor.membership_id is None:
        return list(rows), None
    chosen = DefaultView.objects.filter(
        page=page, membership_id=actor.membership_id, view_id=OuterRef("pk")
    )
    found: list[SavedView] = list(rows.annotate(is_default=Exists(chosen)))
    return found, next((view for view in found if getattr(view, "is_default", False)), None)


@once
def default_view(actor: Actor, page: str) -> SavedView | None:
    """What the page opens with for the actor; None without a choice, or when it is out of sight."""
    if actor.membership_id is None:
        return None
    chosen = DefaultView.objects.filter(page=page, membership_id=actor.membership_id)
    return views(actor, page).filter(id__in=chosen.values("view_id")).first()
