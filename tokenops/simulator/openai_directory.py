"""Projects, keys and users of the simulated company in OpenAI's list shapes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tokenops.simulator.company import COMPANY, Company, Key, Person, Project
from tokenops.simulator.company.access import make_id
from tokenops.simulator.http import Request, listing

_NAMES = {person.email: person.name for person in COMPANY.people}


def user_id(email: str) -> str:
    return make_id("user-", email)


def _stamp(anchor: date, offset: int) -> int:
    moment = datetime(anchor.year, anchor.month, anchor.day, 9, tzinfo=UTC)
    return int((moment + timedelta(days=offset)).timestamp())


def _project(project: Project, anchor: date) -> dict[str, Any]:
    return {
        "id": project.id,
        "object": "organization.project",
        "name": project.name,
        "created_at": _stamp(anchor, project.created_day),
        "archived_at": None,
        "status": "active",
    }


def _key(key: Key, anchor: date) -> dict[str, Any]:
    created = _stamp(anchor, key.created_day)
    return {
        "object": "organization.project.api_key",
        "redacted_value": f"sk-proj-***{(key.id or '')[-4:]}",
        "name": key.name,
        "created_at": created,
        "last_used_at": None,
        "id": key.id,
        "owner_project_access": "active",
        "owner": {
            "type": "user",
            "user": {
                "id": user_id(key.owner),
                "name": _NAMES[key.owner],
                "email": key.owner,
                "role": "member",
                "created_at": created,
            },
        },
    }


def _user(person: Person, anchor: date, kind: str) -> dict[str, Any]:
    return {
        "object": kind,
        "id": user_id(person.email),
        "name": person.name,
        "email": person.email,
        "role": "member" if person.team else "reader",
        "added_at": _stamp(anchor, -400),
    }


def lists(company: Company, anchor: date) -> dict[str, list[dict[str, Any]]]:
    """Organization-wide lists by path below /v1/organization/."""
    projects = [item for item in company.projects if item.provider == "openai"]
    admin = {
        "object": "organization.admin_api_key",
        "id": make_id("key_", "admin", length=16),
        "name": "TokenOps",
        "redacted_value": "sk-admin...sim",
        "created_at": _stamp(anchor, -130),
        "expires_at": None,
        "last_used_at": None,
        "owner": {
            "type": "service_account",
            "object": "organization.service_account",
            "id": make_id("sa_", "tokenops", length=12),
            "name": "TokenOps",
            "created_at": _stamp(anchor, -130),
            "role": "member",
        },
    }
    return {
        "projects": [_project(item, anchor) for item in projects],
        "users": [_user(person, anchor, "organization.user") for person in company.people],
        "admin_api_keys": [admin],
        "invites": [],
        "spend_alerts": [],
    }


def project_part(
    company: Company, anchor: date, project_id: str, part: str
) -> list[dict[str, Any]] | None:
    """A project itself ("" as part), or its keys, users or service accounts; None if unknown."""
    found = [p for p in company.projects if p.provider == "openai" and p.id == project_id]
    if not found:
        return None
    keys = [k for k in company.keys if k.provider == "openai" and k.project_id == project_id]
    if part == "/api_keys":
        return [_key(key, anchor) for key in keys]
    if part == "/users":
        owners = {key.owner for key in keys}
        people = [person for person in company.people if person.email in owners]
        return [_user(person, anchor, "organization.project.user") for person in people]
    if part == "/service_accounts":
        return []
    return [_project(found[0], anchor)]


def page(request: Request, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The documented list envelope."""
    return {"object": "list", **listing(request, rows, cursor="after", default=20, maximum=100)}
