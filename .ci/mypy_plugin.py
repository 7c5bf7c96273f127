"""What mypy cannot see: attributes set by middleware, and too narrow types of libraries."""

from collections.abc import Callable

from mypy.nodes import MDEF, SymbolTableNode, Var
from mypy.plugin import AttributeContext, ClassDefContext, Plugin
from mypy.types import AnyType, Type, TypeOfAny

ADDED = {
    # set on every request by apps.tenancy, apps.organizations and django-csp
    "django.http.request.HttpRequest": (
        "actor",
        "belongings",
        "organization",
        "undo_writes",
        "csp_nonce",
    ),
    # `form.fields["unit"]` is a field of a class that only the form knows
    "django.forms.fields.Field": ("choices", "max_value", "queryset"),
}
#: ActorAuthentication puts the Actor there; the stubs know only DRF's own Token.
ANYTHING = {"rest_framework.request.Request.auth"}


class RequestPlugin(Plugin):
    def get_customize_class_mro_hook(
        self, fullname: str
    ) -> Callable[[ClassDefContext], None] | None:
        return add_attributes if fullname in ADDED else None

    def get_attribute_hook(self, fullname: str) -> Callable[[AttributeContext], Type] | None:
        return anything if fullname in ANYTHING else None


def add_attributes(context: ClassDefContext) -> None:
    info = context.cls.info
    for name in ADDED[info.fullname]:
        if name not in info.names:
            variable = Var(name, AnyType(TypeOfAny.explicit))
            variable.info = info
            variable._fullname = f"{info.fullname}.{name}"
            info.names[name] = SymbolTableNode(MDEF, variable)


def anything(_context: AttributeContext) -> Type:
    return AnyType(TypeOfAny.explicit)


def plugin(_version: str) -> type[Plugin]:
    return RequestPlugin
