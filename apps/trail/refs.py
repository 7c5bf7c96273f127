"""How an event names its object: by value, so that the evidence outlives the object."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ObjectRef:
    """Type, id and the label the object had at the time."""

    type: str
    id: UUID | None
    label: str


@runtime_checkable
class HasTrailRef(Protocol):
    """An object that names itself in the trail."""

    def trail_ref(self) -> ObjectRef: ...


def ref_of(obj: ObjectRef | HasTrailRef) -> ObjectRef:
    return obj if isinstance(obj, ObjectRef) else obj.trail_ref()
