"""Findings, and who makes them. Apps above the ledger register their detectors."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from apps.ledger.quality.enums import Kind, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause for doubt, as of now. `subject` with `kind` identifies it for good. `people` are
    memberships that are told besides those who are told of everything, `path` the page with the
    figures."""

    kind: Kind
    subject: str
    severity: Severity
    title: str
    detail: str
    since: date
    source_id: UUID | None = None
    capability_id: UUID | None = None
    people: frozenset[UUID] = frozenset()
    path: str = ""


Detector = Callable[[], Iterable[Finding]]
_detectors: list[Detector] = []


def register_detector(detector: Detector) -> Detector:
    """Add a detector. It runs in the scope of an organization and only reads."""
    if detector not in _detectors:
        _detectors.append(detector)
    return detector


def detectors() -> list[Detector]:
    return list(_detectors)
