"""The data behind the browser tests: the world, and whatever each app's pages need to show."""

from tests.browser.files import build_files
from tests.browser.planning import build_planning
from tests.browser.pushes import build_pushes
from tests.browser.records import build_records
from tests.browser.stories import build_stories
from tests.browser.usage import build_usage
from tests.world import World


def build_site() -> World:
    """Committed data; every page of the portal has something to show."""
    world = World()
    world.a.everyone()
    world.b.organization  # noqa: B018 -- made on first use
    build_usage(world.a)
    build_stories(world.a)
    build_records(world.a)
    build_planning(world.a)
    build_pushes(world.a)
    build_files(world.a)
    return world
