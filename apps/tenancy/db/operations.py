"""Migration operations for what a model cannot say: partitions and definer functions."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.models import CreateModel
from django.db.migrations.state import ProjectState

from apps.tenancy.db import roles


class CreatePartitionedModel(CreateModel):
    """CreateModel for a table `PARTITION BY RANGE (column)`.

    Change the class name in the migration that makemigrations wrote and pass `partition_by`.
    Partitions are made by `partition_sql`.
    """

    serialization_expand_args = ["fields", "options", "managers"]

    def __init__(
        self,
        name: str,
        fields: list[Any],
        options: dict[str, Any] | None = None,
        bases: Any = None,
        managers: Any = None,
        *,
        partition_by: str,
    ) -> None:
        self.partition_by = partition_by
        super().__init__(name, fields, options, bases, managers)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        name, args, kwargs = super().deconstruct()
        return name, list(args), {**kwargs, "partition_by": self.partition_by}

    def reduce(self, operation: Any, app_label: str) -> bool:
        """Never merged: the optimizer would turn it into a plain CreateModel."""
        return False

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        plain = schema_editor.sql_create_table
        clause = f" PARTITION BY RANGE ({schema_editor.quote_name(self.partition_by)})"
        schema_editor.sql_create_table = plain + clause
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = plain


def partition_sql(parent: str, name: str, lower: str, upper: str) -> str:
    """SQL that creates one range partition: row level security on, no policy, no grant.

    Reached through its parent the parent's policy rules; reached directly it shows nothing.
    """
    return (
        f'CREATE TABLE IF NOT EXISTS "{name}" PARTITION OF "{parent}" '
        f"FOR VALUES FROM ('{lower}') TO ('{upper}');\n"
        f'ALTER TABLE "{name}" ENABLE ROW LEVEL SECURITY;\n'
        f'ALTER TABLE "{name}" FORCE ROW LEVEL SECURITY;\n'
        f'REVOKE ALL ON "{name}" FROM {roles.APP}'
    )


class SecurityDefinerFunction(migrations.RunSQL):
    """A door: a function in schema `tenancy` that reads across organizations.

    `signature`: `name(arg type, ...)`; `returns`: the result type; `body`: SQL with `$1`-style or
    named arguments. Owned by the doors role (or `owner`), executable by the app role only. List
    it in `apps.tenancy.doors.DOORS`: the catalogue test compares.
    `reads`: tables the doors role needs SELECT on; `language`: sql or plpgsql.
    """

    def __init__(
        self,
        signature: str,
        returns: str,
        body: str,
        *,
        reads: tuple[str, ...] = (),
        language: str = "sql",
        volatility: str = "STABLE",
        owner: str = roles.DOORS,
    ) -> None:
        self.door = {"signature": signature, "returns": returns, "body": body}
        types = _argument_types(signature)
        grants = "".join(f'GRANT SELECT ON "{table}" TO {roles.DOORS};\n' for table in reads)
        sql = (
            f"{grants}CREATE OR REPLACE FUNCTION tenancy.{signature} RETURNS {returns} "
            f"LANGUAGE {language} {volatility} SECURITY DEFINER "
            f"SET search_path = pg_catalog, public\nAS $door$ {body} $door$;\n"
            f"REVOKE ALL ON FUNCTION tenancy.{types} FROM PUBLIC;\n"
            f"GRANT EXECUTE ON FUNCTION tenancy.{types} TO {roles.APP};\n"
            + _change_owner(types, owner)
        )
        super().__init__(sql, f"DROP FUNCTION IF EXISTS tenancy.{types}")


def _change_owner(types: str, owner: str) -> str:
    """The new owner needs CREATE on the schema for the moment of the change."""
    if owner == roles.OWNER:
        return ""
    return (
        f"GRANT CREATE ON SCHEMA tenancy TO {owner};\n"
        f"ALTER FUNCTION tenancy.{types} OWNER TO {owner};\n"
        f"REVOKE CREATE ON SCHEMA tenancy FROM {owner}"
    )


def _argument_types(signature: str) -> str:
    """`f(slug text, user_id uuid)` to `f(text, uuid)`, as ALTER FUNCTION wants it."""
    name, _, arguments = signature.partition("(")
    types = [arg.split()[-1] for arg in arguments.rstrip(")").split(",") if arg.strip()]
    return f"{name}({', '.join(types)})"
