"""The two sources, and their history read by the real connectors."""

from apps.access.roles import Role
from apps.connectors.enums import SourceKind
from apps.connectors.models import Source
from apps.connectors.services import create_source, pull_until_current
from apps.tenancy.scope import tenant_scope
from tokenops.demo.organization import Demo
from tokenops.simulator.server import ANTHROPIC_KEY, OPENAI_KEY

SOURCES = (
    ("OpenAI production", SourceKind.OPENAI, "/v1", OPENAI_KEY),
    ("Anthropic production", SourceKind.ANTHROPIC, "", ANTHROPIC_KEY),
)


def pull_history(demo: Demo, simulator: str) -> None:
    """Connect what is not connected yet and read until the sources are current."""
    organization_id = demo.organization.id
    with tenant_scope(organization_id):
        actor = demo.role(Role.TOKENOPS_LEAD)
        for name, kind, path, credential in SOURCES:
            if not Source.objects.filter(kind=kind).exists():
                create_source(
                    actor=actor,
                    name=name,
                    kind=kind,
                    base_url=simulator + path,
                    credential=credential,
                    account="merrowdale",
                )
        found = list(Source.objects.filter(kind__in=[kind for _, kind, _, _ in SOURCES]))
    for source in found:
        pull_until_current(organization_id=organization_id, source_id=source.id)
