"""Routes: the default every organization has, and new versions of a route."""

from typing import Any
from uuid import UUID

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import F

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.approvals import events, selectors
from apps.approvals.models import ApprovalPolicy, ApprovalPolicyVersion
from apps.approvals.rules.policy import DEFAULT_POLICY, PolicyDocument, parse_policy
from apps.approvals.subjects import labels
from apps.common.errors import Conflict, FieldError, Invalid
from apps.trail.services import record

DEFAULT_NAME = "Standard route"
NAME_LIMIT = 120
LAST_PRIORITY = 10_000


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


@transaction.atomic
def create_policy(
    *,
    actor: Actor,
    name: str,
    document: object,
    note: str,
    subject_type: str = "",
    priority: int = 100,
    is_active: bool = True,
) -> ApprovalPolicy:
    """A new route. Raises Forbidden, Invalid (with the path of each wrong field), Conflict when
    the name is taken.
    """
    require(actor, P.APPROVAL_POLICY_MANAGE)
    ensure_default_policy()
    parsed = _parsed(document)
    errors = _head_errors(name, subject_type, priority, note)
    if errors:
        raise Invalid("The route cannot be saved like this.", errors=errors)
    policy = ApprovalPolicy(
        name=" ".join(name.split()),
        subject_type=subject_type,
        priority=priority,
        is_active=is_active,
    )
    try:
        with transaction.atomic():
            policy.save(force_insert=True)
    except IntegrityError as error:
        raise _name_taken() from error
    _store_version(policy, parsed, note, actor)
    record(
        actor=actor,
        action=events.POLICY_CREATED,
        obj=policy,
        after=_described(policy),
        reason=note.strip(),
    )
    return policy


@transaction.atomic
def change_policy(
    *,
    actor: Actor,
    policy_id: UUID,
    version: int,
    document: object,
    note: str,
    name: str | None = None,
    is_active: bool | None = None,
    subject_type: str | None = None,
    priority: int | None = None,
) -> ApprovalPolicy:
    """A new version of a route. Open requests keep the version they were opened under.

    Raises Forbidden, NotFound, Invalid (with the path of each wrong field), Conflict when the
    route was changed since `version` or the name is taken.
    """
    require(actor, P.APPROVAL_POLICY_MANAGE)
    policy = selectors.policy_by_id(policy_id)
    parsed = _parsed(document)
    errors = _head_errors(
        policy.name if name is None else name or policy.name,
        policy.subject_type if subject_type is None else subject_type,
        policy.priority if priority is None else priority,
        note,
    )
    if policy.is_default:
        errors += _default_errors(parsed, is_active, subject_type)
    if errors:
        raise Invalid("The route cannot be saved like this.", errors=errors)
    before = _described(policy)
    values: dict[str, Any] = {"current_version": F("current_version") + 1}
    if name is not None:
        values["name"] = " ".join(name.split()) or policy.name
    given = {"is_active": is_active, "subject_type": subject_type, "priority": priority}
    values |= {field: value for field, value in given.items() if value is not None}
    try:
        with transaction.atomic():
            changed = ApprovalPolicy.objects.filter(id=policy.id, current_version=version).update(
                **values
            )
    except IntegrityError as error:
        raise _name_taken() from error
    if not changed:
        raise Conflict(
            "Somebody changed this route since you opened it.",
            code="stale_version",
            fix="Load it again and repeat your change.",
        )
    policy.refresh_from_db()
    _store_version(policy, parsed, note, actor)
    record(
        actor=actor,
        action=events.POLICY_CHANGED,
        obj=policy,
        before=before,
        after=_described(policy),
        reason=note.strip(),
    )
    return policy


def _parsed(document: object) -> PolicyDocument:
    return parse_policy(document, roles=[role.value for role in selectors.ROUTE_ROLES])


def _head_errors(name: str, subject_type: str, priority: int, note: str) -> list[FieldError]:
    errors = []
    if not 1 <= len(" ".join(name.split())) <= NAME_LIMIT:
        errors.append(
            FieldError("name", f"A name has 1 to {NAME_LIMIT} characters.", "Shorten it.")
        )
    if subject_type and subject_type not in labels():
        known = ", ".join(labels())
        errors.append(
            FieldError("subject_type", f"{subject_type} is not a subject.", f"Use {known}.")
        )
    if not 0 <= priority <= LAST_PRIORITY:
        errors.append(
            FieldError("priority", "The order is out of range.", f"Use 0 to {LAST_PRIORITY}.")
        )
    if not note.strip():
        errors.append(FieldError("note", "Say why the route changes.", "One sentence is enough."))
    return errors


def _default_errors(
    document: PolicyDocument, is_active: bool | None, subject_type: str | None
) -> list[FieldError]:
    errors = []
    if is_active is False:
        errors.append(
            FieldError(
                "is_active", "The default route cannot be switched off.", "Change its steps."
            )
        )
    if document.is_auto:
        errors.append(
            FieldError("lane", "People decide on the default route.", "Make another route.")
        )
    if document.when or subject_type:
        errors.append(
            FieldError(
                "when",
                "The default route applies to everything; it has no conditions.",
                "Put the conditions on its steps.",
            )
        )
    return errors


def _name_taken() -> Conflict:
    return Conflict(
        "Another route has this name.", code="name_taken", fix="Choose another.", field="name"
    )


def _store_version(
    policy: ApprovalPolicy, document: PolicyDocument, note: str, actor: Actor
) -> None:
    ApprovalPolicyVersion.objects.create(
        policy=policy,
        number=policy.current_version,
        document=msgspec.to_builtins(document),
        note=note.strip(),
        author_name=actor.name[:200],
    )


def _described(policy: ApprovalPolicy) -> dict[str, Any]:
    return {
        "name": policy.name,
        "is_active": policy.is_active,
        "subject_type": policy.subject_type,
        "priority": policy.priority,
        "version": policy.current_version,
        "document": msgspec.to_builtins(selectors.document_of(policy)),
    }
