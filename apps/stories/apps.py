"""App registration."""

from django.apps import AppConfig


class StoriesConfig(AppConfig):
    """Registers trail actions, the approval subject and the label of the ledger's story axis."""

    name = "apps.stories"
    label = "stories"
    verbose_name = "Token Stories"

    def ready(self) -> None:
        from apps.approvals.subjects import register
        from apps.attribution.ports import register_story_finder, register_story_reader
        from apps.entitlements.ports import register_designs
        from apps.ledger.query import labels
        from apps.portfolio.ports import register_production_check
        from apps.stories import events  # noqa: F401 -- registers by import
        from apps.stories.selectors.attribution import owner_of_code, stories_of_capabilities
        from apps.stories.selectors.design import missing_for_production
        from apps.stories.selectors.designs import designs_of
        from apps.stories.selectors.stories import story_labels
        from apps.stories.services.band import BandSubject
        from apps.stories.services.subject import StorySubject

        register(StorySubject.subject_type, StorySubject())
        register(BandSubject.subject_type, BandSubject())
        register_story_finder(owner_of_code)
        register_story_reader(stories_of_capabilities)
        register_production_check(missing_for_production)
        register_designs(designs_of)
        labels.register("story", story_labels)
