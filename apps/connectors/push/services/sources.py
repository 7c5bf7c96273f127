"""The source that pushed usage belongs to: made on first use, whoever comes first."""

from uuid import UUID

from django.db import transaction

from apps.access.actors import Actor
from apps.common.errors import Conflict
from apps.connectors.enums import SourceKind
from apps.connectors.models import Source
from apps.connectors.push.rules.calls import Dialect
from apps.connectors.services.sources import intake_source

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
    known = Source.objects.filter(name_norm=name.strip().casefold(), kind=kind)
    if (found := known.values_list("id", flat=True).first()) is not None:
        return UUID(str(found))
    for candidate in (name, f"{name} (pushed)", f"{name} ({kind})"):
        for _ in range(2):
            try:
                with transaction.atomic():
                    return UUID(str(intake_source(actor=actor, kind=kind, name=candidate).id))
            except Conflict:
                if not Source.objects.filter(name_norm=candidate.casefold(), kind=kind).exists():
                    break
    raise Conflict(f"The names for the source {name} are taken.", fix="Rename the other sources.")
