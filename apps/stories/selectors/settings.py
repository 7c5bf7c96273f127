"""What the organization set about estimating, with the defaults where it set nothing."""

from dataclasses import dataclass

from apps.stories import bands
from apps.stories.material import DEFAULT_PERCENT
from apps.stories.models import EstimatingSettings


@dataclass(frozen=True, slots=True)
class Settings:
    """In force now. ``version`` 0: nothing was ever changed."""

    sizes: bands.Sizes
    references: bands.References
    value_from_nanos: int | None
    version: int
    reapproval_percent: int = DEFAULT_PERCENT
    changed_by_name: str = ""
    own_sizes: bool = False
    own_references: bool = False


def settings_in_force() -> Settings:
    """One query."""
    row = EstimatingSettings.objects.first()
    if row is None:
        return Settings(bands.DEFAULT_SIZES, bands.DEFAULT_REFERENCES, None, 0)
    return Settings(
        sizes=bands.load_sizes(row.sizes) if row.sizes else bands.DEFAULT_SIZES,
        references=(
            bands.load_references(row.references) if row.references else bands.DEFAULT_REFERENCES
        ),
        value_from_nanos=row.value_from_nanos,
        version=row.version,
        reapproval_percent=(
            DEFAULT_PERCENT if row.reapproval_percent is None else row.reapproval_percent
        ),
        changed_by_name=row.changed_by_name,
        own_sizes=bool(row.sizes),
        own_references=bool(row.references),
    )
