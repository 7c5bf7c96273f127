"""Routes: the default every organization has, and new versions of a route."""

from typing import Any
from uuid import UUID

import msgspec
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.approvals import events, selectors
from apps.approvals.models import ApprovalPolicy, ApprovalPolicyVersion
from apps.approvals.rules.policy import DEFAULT_POLICY, parse_policy
from apps.common.errors import Conflict, Invalid
from apps.trail.services import record

DEFAULT_NAME = "Standard route"


def ensure_default_policy() -> ApprovalPolicy:
    """The organization's default route, written on first use. Safe to call from many at once."""
    found = ApprovalPolicy.objects.filter(is_default=True).first()
    if found is not None:
        return found
    ApprovalPolicy.objects.bulk_create(
        [ApprovalPolicy(name=DEFAULT_NAME, is_default=True, priority=1000)], ignore_conflicts=True
    )
    policy = ApprovalPolicy.objects.get(is_default=True)
    ApprovalPolicyVersion.objects.bulk_create(
        [
            ApprovalPolicyVersion(
                policy=policy,
                number=1,
                document=msgspec.to_builtins(DEFAULT_POLICY),
                note="Every organization starts with this route.",
                author_name="TokenOps",
            )
        ],
        ignore_conflicts=True,
    )
    return policy


def change_policy(
    *,
    actor: Actor,
    policy_id: UUID,
    version: int,
    document: object,
    note: str,
    name: str | None = None,
    is_active: bool | None = None,
) -> ApprovalPolicy:
    """A new version of a route. Open requests keep the version they were opened under.

    Raises Forbidden, NotFound, Invalid (with the path of each wrong field), Conflict when the
    route was changed since `version`.
    """
    require(actor, P.APPROVAL_POLICY_MANAGE)
    policy = selectors.policy_by_id(policy_id)
    roles = [role.value for role in selectors.DECIDING_ROLES]
    parsed = parse_policy(document, roles=roles)
    if not note.strip():
        raise Invalid("Say why the route changes.", field="note", fix="One sentence is enough.")
    if policy.is_default and is_active is False:
        raise Invalid("The default route cannot be switched off.", field="is_active")
    if policy.is_default and parsed.when:
        raise Invalid(
            "The default route applies to everything; it has no conditions.",
            field="when",
            fix="Put the conditions on its steps.",
        )
    before = _described(policy)
    values: dict[str, Any] = {"current_version": F("current_version") + 1}
    if name is not None:
        values["name"] = name.strip() or policy.name
    if is_active is not None:
        values["is_active"] = is_active
    changed = ApprovalPolicy.objects.filter(id=policy.id, current_version=version).update(**values)
    if not changed:
        raise Conflict(
            "Somebody changed this route since you opened it.",
            code="stale_version",
            fix="Load it again and repeat your change.",
        )
    policy.refresh_from_db()
    ApprovalPolicyVersion.objects.create(
        policy=policy,
        number=policy.current_version,
        document=msgspec.to_builtins(parsed),
        note=note.strip(),
        author_name=actor.name[:200],
    )
    record(
        actor=actor,
        action=events.POLICY_CHANGED,
        obj=policy,
        before=before,
        after=_described(policy),
        reason=note.strip(),
    )
    return policy


def _described(policy: ApprovalPolicy) -> dict[str, Any]:
    return {
        "name": policy.name,
        "is_active": policy.is_active,
        "version": policy.current_version,
        "document": msgspec.to_builtins(selectors.document_of(policy)),
    }
