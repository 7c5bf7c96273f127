"""Describes the API: inside the scope of nobody, because serializers and filters look at managers."""

from typing import Any
from uuid import UUID

from drf_spectacular.generators import SchemaGenerator

from apps.tenancy.scope import tenant_scope

NOBODY = UUID(int=0)


class Generator(SchemaGenerator):
    """drf-spectacular's generator in a scope without rows."""

    def get_schema(self, *args: Any, **kwargs: Any) -> Any:
        with tenant_scope(NOBODY):
            return super().get_schema(*args, **kwargs)
