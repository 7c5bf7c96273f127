"""Workspaces, keys and users of the simulated company in Anthropic's list shapes."""

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from tokenops.simulator.company import Company
from tokenops.simulator.company.access import make_id
from tokenops.simulator.http import Request, listing


def user_id(email: str) -> str:
    return make_id("user_01", email, length=22)


def _stamp(anchor: date, offset: int) -> str:
    moment = datetime(anchor.year, anchor.month, anchor.day, 9, tzinfo=UTC)
    return (moment + timedelta(days=offset)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def organization(company: Company) -> dict[str, str]:
    """The organization the admin key belongs to."""
    digest = sha256(company.slug.encode()).hexdigest()
    shaped = "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
    return {"id": shaped, "type": "organization", "name": company.name}


def lists(company: Company, anchor: date) -> dict[str, list[dict[str, Any]]]:
    """Directory lists by path below /v1/organizations/. The default workspace is never listed."""
    workspaces = [p for p in company.projects if p.provider == "anthropic" and p.id is not None]
    keys = [k for k in company.keys if k.provider == "anthropic" and k.id is not None]
    return {
        "workspaces": [
            {
                "id": item.id,
                "type": "workspace",
                "name": item.name,
                "created_at": _stamp(anchor, item.created_day),
                "archived_at": None,
                "display_color": f"#{sha256(item.name.encode()).hexdigest()[:6].upper()}",
            }
            for item in workspaces
        ],
        "api_keys": [
            {
                "id": key.id,
                "type": "api_key",
                "name": key.name,
                "workspace_id": key.project_id,
                "created_at": _stamp(anchor, key.created_day),
                "created_by": {"id": user_id(key.owner), "type": "user"},
                "partial_key_hint": f"sk-ant-api03-***{(key.id or '')[-4:]}",
                "status": "active",
                "expires_at": None,
            }
            for key in keys
        ],
        "users": [
            {
                "id": user_id(person.email),
                "type": "user",
                "email": person.email,
                "name": person.name,
                "role": "developer" if person.team else "user",
                "added_at": _stamp(anchor, -400),
            }
            for person in company.people
        ],
    }


def page(request: Request, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The documented list envelope."""
    return listing(request, rows, cursor="after_id", default=20, maximum=1000)
