"""Links between tenant tables."""

from typing import Any

from django.db import models


class TenantForeignKey(models.ForeignKey):
    """A foreign key to a TenantModel.

    The column has no constraint of its own: TenantModel adds the composite one, which the
    database checks together with the organization (`TenantForeignKeyConstraint`).
    """

    def __init__(self, to: Any, on_delete: Any, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        return name, path, args, kwargs
