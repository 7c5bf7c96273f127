"""The story form and its fields."""

from apps.stories.web.forms.story import StoryForm

__all__ = ["StoryForm"]
