"""The thing that is talked about, as its own app describes it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common.errors import NotFound
from apps.discussions.models import Beside
from apps.trail.refs import ObjectRef


@dataclass(frozen=True, slots=True)
class Subject:
    """`owner_id` may always speak; `readers` keeps of memberships those who may see the subject;
    `told` hears of every comment (its author, say); who holds `manage` may remove files.
    """

    type: str
    id: UUID
    label: str
    unit_id: UUID | None
    path: str
    readers: Callable[[Iterable[UUID]], set[UUID]]
    manage: P
    owner_id: UUID | None = None
    told: frozenset[UUID] = frozenset()

    def trail_ref(self) -> ObjectRef:
        return ObjectRef(self.type, self.id, self.label)

    @property
    def about(self) -> dict[str, object]:
        return {"subject_type": self.type, "subject_id": self.id}

    def may_speak(self, actor: Actor) -> None:
        """Raises Forbidden."""
        require(actor, P.COMMENT_WRITE, unit_id=self.unit_id, owner_id=self.owner_id)

    def holds(self, row: Beside | None, what: str) -> None:
        """Raises NotFound for a row of another subject, or one that is gone."""
        if row is None or row.removed_at is not None:
            raise NotFound(f"There is no such {what}.", code="not_found")


def by_of(actor: Actor) -> dict[str, object]:
    """Who did it, for a row."""
    return {"author_id": actor.membership_id, "author_name": actor.name[:200]}
