"""The source that pushed usage belongs to: made on first use, whoever comes first."""

from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.common.errors import Conflict
from apps.connectors.enums import SourceKind
from apps.connectors.models import Source
from apps.connectors.push.rules.calls import Dialect
from apps.connectors.services.sources import intake_source
from apps.ledger.services.sql import fetch
from apps.tenancy.scope import require_organization_id

NAMES = {
    Dialect.GENAI: "OpenTelemetry",
    Dialect.TRACELOOP: "OpenTelemetry",
    Dialect.OPENINFERENCE: "OpenTelemetry",
    Dialect.CLAUDE_CODE: "Claude Code telemetry",
    Dialect.CODEX: "Codex CLI telemetry",
    Dialect.GEMINI_CLI: "Gemini CLI telemetry",
    Dialect.LITELLM: "LiteLLM callback",
    Dialect.CLOUDEVENTS: "CloudEvents",
}
"""A source per emitter: coverage, comparison and the channel of record are decided by source."""


def source_for(*, actor: Actor, kind: SourceKind, name: str) -> UUID:
    """Its id. Two first requests at once make one; a name that another kind of source has is
    avoided, for a sender cannot mend it."""
    # Written by hand: every push asks, and the ORM would take longer than the database.
    known = fetch(
        "SELECT id FROM connectors_source WHERE organization_id = %s AND name_norm = %s "
        "AND kind = %s",
        [require_organization_id(), name.strip().casefold(), kind.value],
    )
    if known:
        found: UUID = known[0][0]
        return found
    for candidate in (name, f"{name} (pushed)", f"{name} ({kind})"):
        for _ in range(2):
            try:
                with transaction.atomic():
                    return UUID(str(intake_source(actor=actor, kind=kind, name=candidate).id))
            except Conflict:
                if not Source.objects.filter(name_norm=candidate.casefold(), kind=kind).exists():
                    break
    raise Conflict(f"The names for the source {name} are taken.", fix="Rename the other sources.")
