"""The pages every browser check visits. A new page is added here, once.

`args` builds the URL's arguments from the world, inside organization A's scope.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.access.roles import Role
from tests.world import World

Args = Callable[[World], tuple[Any, ...]]


@dataclass(frozen=True)
class PageCase:
    """One page: its URL name, who looks at it and with which arguments and query."""

    name: str
    role: Role = Role.OWNER
    args: Args = lambda world: ()
    query: str = ""

    def __str__(self) -> str:
        return f"{self.name}{self.query}"


PAGES: list[PageCase] = [
    PageCase("portal:home"),
    PageCase("portal:home", Role.VIEWER),
]

#: Pages outside an organization: path, and whether one is logged in.
PLAIN: list[tuple[str, bool]] = [
    ("/account/login/", False),
    ("/account/password/reset/", False),
    ("/account/2fa/", True),
    ("/account/2fa/totp/activate/", True),
    ("/account/password/change/", True),
    ("/account/logout/", True),
]
