"""Saving and deleting views."""

from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import can, require_anywhere
from apps.common import clock
from apps.common.errors import FieldError, Forbidden, Invalid
from apps.savedviews import events, pages, rules, selectors
from apps.savedviews.models import DefaultView, SavedView
from apps.trail.services import record

MOST = 50
"""Views of one person on one page."""


@transaction.atomic
def save_view(*, actor: Actor, page: str, name: str, query: str, shared: bool = False) -> SavedView:
    """Keep a page's query string under a name; the same name again replaces one's own view.

    Raises Forbidden (programs keep no views; the page is closed to the actor), Invalid.
    """
    known = pages.page(page)
    if known is None:
        raise Invalid(
            "This page has no saved views.", field="page", fix=f"Use {', '.join(pages.names())}."
        )
    require_anywhere(actor, known.permission)
    if actor.membership_id is None:
        raise Forbidden("Only people keep views.", code="not_a_person")
    kept, text = rules.clean_name(name), rules.clean_query(query)
    errors = []
    if not 1 <= len(kept) <= rules.NAME_LIMIT:
        errors.append(
            FieldError("name", f"A name has 1 to {rules.NAME_LIMIT} characters.", "Shorten it.")
        )
    if len(text) > rules.QUERY_LIMIT:
        errors.append(FieldError("query", "The filters are too long.", "Use fewer of them."))
    own = SavedView.objects.filter(page=page, membership_id=actor.membership_id)
    if own.exclude(name=kept).count() >= MOST:
        errors.append(FieldError("name", f"You have {MOST} views here.", "Delete one first."))
    if errors:
        raise Invalid("The view cannot be saved like this.", errors=errors)
    view, _ = SavedView.objects.update_or_create(
        page=page,
        membership_id=actor.membership_id,
        name=kept,
        defaults={
            "query": text,
            "is_shared": shared,
            "owner_name": actor.name[:200],
            "updated_at": clock.now(),
        },
    )
    if shared:
        record(
            actor=actor,
            action=events.VIEW_SHARED,
            obj=view,
            after={"page": page, "query": text},
        )
    return view


@transaction.atomic
def delete_view(*, actor: Actor, view_id: UUID) -> None:
    """Delete one's own view; whoever manages the organization deletes shared ones.

    Raises NotFound, Forbidden.
    """
    view = selectors.view_by_id(actor, view_id)
    if view.membership_id != actor.membership_id and not can(actor, P.ORG_MANAGE):
        raise Forbidden(
            f"This view belongs to {view.owner_name}.",
            code="not_owner",
            fix="Ask them, or save one of your own.",
        )
    if view.is_shared:
        record(actor=actor, action=events.SHARED_VIEW_DELETED, obj=view, before={"page": view.page})
    view.delete()


@transaction.atomic
def set_default(*, actor: Actor, view_id: UUID, on: bool = True) -> SavedView:
    """Let a page open with this view, for the actor alone; `on=False` takes that back.

    Raises NotFound for a view out of sight, Forbidden for programs.
    """
    view = selectors.view_by_id(actor, view_id)
    if actor.membership_id is None:
        raise Forbidden("Only people keep views.", code="not_a_person")
    if on:
        DefaultView.objects.update_or_create(
            page=view.page, membership_id=actor.membership_id, defaults={"view": view}
        )
    else:
        DefaultView.objects.filter(membership_id=actor.membership_id, view=view).delete()
    return view
