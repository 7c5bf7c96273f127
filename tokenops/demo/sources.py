"""The two sources, and their history read by the real connectors."""

from apps.access.roles import Role
from apps.connectors.enums import RunStatus, SourceKind
from apps.connectors.models import Source
from apps.connectors.services import change_source, create_source, pull_until_current
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
                )
        found = list(Source.objects.filter(kind__in=[kind for _, kind, _, _ in SOURCES]))
    for source in found:
        outcomes = pull_until_current(organization_id=organization_id, source_id=source.id)
        if outcomes[-1].status not in {RunStatus.SUCCEEDED, None}:
            raise RuntimeError(f"{source.name} could not be read: see Sources in the portal")
