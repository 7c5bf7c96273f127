"""What our middleware puts on every request, told to mypy."""

from collections.abc import Callable

from mypy.nodes import MDEF, SymbolTableNode, Var
from mypy.plugin import ClassDefContext, Plugin
from mypy.types import AnyType, TypeOfAny

REQUEST = "django.http.request.HttpRequest"
SET_BY_MIDDLEWARE = ("actor", "organization", "undo_writes", "csp_nonce")


class RequestPlugin(Plugin):
    def get_customize_class_mro_hook(
        self, fullname: str
    ) -> Callable[[ClassDefContext], None] | None:
        return add_attributes if fullname == REQUEST else None


def add_attributes(context: ClassDefContext) -> None:
    info = context.cls.info
    for name in SET_BY_MIDDLEWARE:
        if name not in info.names:
            variable = Var(name, AnyType(TypeOfAny.explicit))
            variable.info = info
            variable._fullname = f"{info.fullname}.{name}"
            info.names[name] = SymbolTableNode(MDEF, variable)


def plugin(_version: str) -> type[Plugin]:
    return RequestPlugin
