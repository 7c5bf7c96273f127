"""Where models stand: what is used most is the standard, two providers are allowed, one is not."""

from apps.access.roles import Role
from apps.pricing.models import ModelStanding
from apps.pricing.services import set_standing
from apps.stories.selectors.usage import top_models
from tokenops.demo.organization import Demo

PROVIDERS = (
    ("anthropic", "allowed", "Contract of January, data stays in the region."),
    ("openai", "allowed", "Contract of March, no training on our data."),
    ("deepseek", "not_allowed", "No contract about where data is processed."),
)
STANDARDS = 2


def ensure_standings(demo: Demo) -> None:
    """Said once, by the enterprise architect. Inside the organization's scope."""
    if ModelStanding.objects.exists():
        return
    architect = demo.role(Role.EA)
    for provider, standing, note in PROVIDERS:
        set_standing(actor=architect, provider=provider, standing=standing, note=note)
    used = [pair for pair in top_models() if all(pair)]
    for provider, model in used[:STANDARDS]:
        set_standing(
            actor=architect,
            provider=provider,
            model=model,
            standing="standard",
            note="Priced, measured and evaluated here. Start with it.",
        )
