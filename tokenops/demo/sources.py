"""The sources, and their history read by the real connectors."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import connection

from apps.access.roles import Role
from apps.common import clock
from apps.connectors.enums import RunStatus, SourceKind
from apps.connectors.models import Source
from apps.connectors.services import change_source, create_source, pull_until_current
from apps.tenancy.scope import tenant_scope
from tokenops.demo.organization import Demo
from tokenops.simulator.server import ANTHROPIC_KEY, LITELLM_KEY, OPENAI_KEY

AT_ONCE = 2
"""Sources read at the same time: one works while another waits."""
SOURCES = (
    # name, kind, path, key, days of history
    ("OpenAI production", SourceKind.OPENAI, "/v1", OPENAI_KEY, 120),
    ("Anthropic production", SourceKind.ANTHROPIC, "", ANTHROPIC_KEY, 120),
    ("Model gateway", SourceKind.LITELLM, "", LITELLM_KEY, 56),
    ("Claude Code", SourceKind.CLAUDE_CODE, "", ANTHROPIC_KEY, 28),
)


def pull_history(demo: Demo, simulator: str) -> None:
    """Connect what is not connected yet and read until the sources are current."""
    organization_id = demo.organization.id
    with tenant_scope(organization_id):
        actor = demo.role(Role.TOKENOPS_LEAD)
        for name, kind, path, credential, days in SOURCES:
            known = Source.objects.filter(kind=kind).first()
            if known is not None:
                change_source(
                    actor=actor,
                    source_id=known.id,
                    version=known.version,
                    base_url=simulator + path,
                )
            else:
                create_source(
                    actor=actor,
                    name=name,
                    kind=kind,
                    base_url=simulator + path,
                    credential=credential,
                    account="merrowdale",
                    history_from=clock.today() - timedelta(days=days),
                )
        found = list(Source.objects.filter(kind__in=[kind for _, kind, *_ in SOURCES]))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(partial(_pull, organization_id), found))


def _pull(organization_id: UUID, source: Source) -> None:
    """One source until it is current, on a connection of its own."""
    try:
        outcomes = pull_until_current(organization_id=organization_id, source_id=source.id)
    finally:
        connection.close()
    if outcomes[-1].status not in {RunStatus.SUCCEEDED, None}:
        raise RuntimeError(f"{source.name} could not be read: see Sources in the portal")
