"""Isolation as model constraints, so that `makemigrations` writes it and cannot forget it.

A TenantModel carries three kinds of them (see `apps.tenancy.models`): its row level security
(`TenantTable`), the key that children point at (a unique constraint), and one composite foreign
key per link to another tenant table (`TenantForeignKeyConstraint`).
"""

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from apps.tenancy.db import roles


class _SqlConstraint(models.BaseConstraint):
    """A constraint made of statements that run after CREATE TABLE."""

    def _statements(self, model: type[models.Model], quote: Any) -> str:
        raise NotImplementedError

    def constraint_sql(
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor
    ) -> None:
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))

    def create_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        return self._statements(model, schema_editor.quote_name)

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Held by the database alone."""

    def _check(self, model: type[models.Model], connection: Any) -> list[Any]:
        return []

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _SqlConstraint):
            return NotImplemented
        return self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((type(self), self.name))


class TenantTable(_SqlConstraint):
    """Row level security of one table: policy, grants, and for evidence the append-only trigger.

    `append_only`: SELECT and INSERT only; a trigger refuses UPDATE and DELETE for every role.
    `column`: the column that holds the organization (`id` for the organization itself).
    `grants`: what the app role may do; TRUNCATE, REFERENCES and TRIGGER are never granted.
    """

    def __init__(
        self,
        *,
        name: str = "",
        append_only: bool = False,
        column: str = "organization_id",
        grants: tuple[str, ...] = (),
    ) -> None:
        super().__init__(name=name)
        self.append_only = append_only
        self.column = column
        default = ("SELECT", "INSERT") if append_only else ("SELECT", "INSERT", "UPDATE", "DELETE")
        self.grants = tuple(grants) or default

    def named(self, name: str) -> "TenantTable":
        return TenantTable(
            name=name, append_only=self.append_only, column=self.column, grants=self.grants
        )

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        return (
            "apps.tenancy.db.constraints.TenantTable",
            (),
            {
                "name": self.name,
                "append_only": self.append_only,
                "column": self.column,
                "grants": self.grants,
            },
        )

    def _statements(self, model: type[models.Model], quote: Any) -> str:
        table, column = quote(model._meta.db_table), quote(self.column)
        same = f"{column} = (SELECT tenancy.current_org())"
        sql = [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY tenant ON {table} TO {roles.APP} USING ({same}) WITH CHECK ({same})",
            f"REVOKE ALL ON {table} FROM {roles.APP}",
            f"GRANT {', '.join(self.grants)} ON {table} TO {roles.APP}",
        ]
        if self.append_only:
            sql.append(
                f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION tenancy.refuse_change()"
            )
        return ";\n".join(sql)

    def remove_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return (
            f"DROP POLICY IF EXISTS tenant ON {table};\n"
            f"DROP TRIGGER IF EXISTS append_only ON {table};\n"
            f"REVOKE ALL ON {table} FROM {roles.APP};\n"
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;\n"
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"
        )


class TenantForeignKeyConstraint(_SqlConstraint):
    """(organization_id, child column) references the parent's (organization_id, id).

    A one-column key would let a row of one organization point at a row of another: foreign key
    checks are not subject to row level security.
    """

    def __init__(self, *, name: str, field: str) -> None:
        super().__init__(name=name)
        self.field = field

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, Any]]:
        path = "apps.tenancy.db.constraints.TenantForeignKeyConstraint"
        return path, (), {"name": self.name, "field": self.field}

    def _statements(self, model: type[models.Model], quote: Any) -> str:
        field: Any = model._meta.get_field(self.field)
        parent = field.remote_field.model._meta.db_table
        return (
            f"ALTER TABLE {quote(model._meta.db_table)} ADD CONSTRAINT {quote(self.name)} "
            f"FOREIGN KEY (organization_id, {quote(field.column)}) "
            f"REFERENCES {quote(parent)} (organization_id, id) DEFERRABLE INITIALLY DEFERRED"
        )

    def remove_sql(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        quote = schema_editor.quote_name
        return (
            f"ALTER TABLE {quote(model._meta.db_table)} "
            f"DROP CONSTRAINT IF EXISTS {quote(self.name)}"
        )
