"""What a story's code in a usage record means."""

from apps.attribution.rules import Owner
from apps.stories.models import TokenStory


def owner_of_code(code: str) -> Owner | None:
    """Unit, capability and story of a reference such as TS-0142; None for an unknown one."""
    found = (
        TokenStory.objects.filter(ref=code.strip().upper())
        .values_list("unit_id", "capability_id", "id")
        .first()
    )
    return Owner(*found) if found else None
