"""Reads of data-quality alerts."""

from uuid import UUID

from django.db.models import Case, IntegerField, QuerySet, Value, When

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common.errors import NotFound
from apps.ledger.quality.enums import State
from apps.ledger.quality.models import GrowthThreshold, QualityAlert

LIVE = (State.OPEN.value, State.ACKNOWLEDGED.value)


def alerts(actor: Actor) -> QuerySet[QualityAlert]:
    """All alerts, open ones first, with `rank` to sort by. Raises Forbidden."""
    require(actor, P.SOURCE_VIEW)
    order = [When(state=state.value, then=Value(rank)) for rank, state in enumerate(State)]
    return QualityAlert.objects.annotate(rank=Case(*order, output_field=IntegerField()))


def alert(actor: Actor, alert_id: UUID) -> QualityAlert:
    """NotFound for one of another organization as for none at all."""
    found = alerts(actor).filter(id=alert_id).first()
    if found is None:
        raise NotFound("There is no such alert.", code="quality_alert_not_found")
    return found


def growth_threshold() -> GrowthThreshold:
    """The threshold in force; of version 0, and not saved, where nobody set one."""
    return GrowthThreshold.objects.first() or GrowthThreshold()


def live() -> QuerySet[QualityAlert]:
    """Open and acknowledged alerts."""
    return QualityAlert.objects.filter(state__in=LIVE)


def count_open() -> int:
    """Alerts that nobody has taken up."""
    return QualityAlert.objects.filter(state=State.OPEN).count()
