"""Addresses inside an organization: `/o/<slug>/...`."""

from typing import Any

from django.conf import settings
from django.urls import reverse


def org_url(target: Any, name: str, *args: Any, **kwargs: Any) -> str:
    """The path of a named URL inside an organization.

    `target`: a request (its organization is taken) or a slug. Views do not take the slug: the
    middleware has resolved it.
    """
    organization = getattr(target, "organization", None)
    slug = target if isinstance(target, str) else organization.slug if organization else ""
    if args:
        return reverse(name, args=[slug, *args])
    return reverse(name, kwargs={"org": slug, **kwargs})


def absolute_url(path: str) -> str:
    """The full address of a path, for e-mails and webhooks."""
    return settings.BASE_URL.rstrip("/") + path
