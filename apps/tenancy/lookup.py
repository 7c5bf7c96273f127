"""Reading one row that every request needs, by hand-written conditions.

The ORM takes five times as long to write such a statement as the database takes to answer it.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models.expressions import Col

M = TypeVar("M", bound=models.Model)


class RowLookup(Generic[M]):
    """The row of a model where `where` is true, as the ORM would load it.

    `where` is a constant of the caller and names the organization: it takes the place of what the
    manager adds. `%s` stands for a parameter.
    """

    def __init__(self, model: type[M], where: str) -> None:
        self._model, self._where = model, where
        self._statement = ""
        self._names: list[str] = []
        self._converters: list[tuple[int, Any, list[Callable[..., Any]]]] = []

    def __call__(self, *parameters: Any) -> M | None:
        """None if there is none. Two or more are not noticed: `where` is to name one."""
        if not self._statement:
            self._prepare()
        with connection.cursor() as cursor:
            cursor.execute(self._statement, parameters)
            row = cursor.fetchone()
        return None if row is None else self._load(row)

    def _load(self, row: Sequence[Any]) -> M:
        values = list(row)
        for position, column, converters in self._converters:
            for convert in converters:
                values[position] = convert(values[position], column, connection)
        return self._model.from_db(connection.alias, self._names, values)

    def _prepare(self) -> None:
        """Once per process, after the models are complete."""
        meta = self._model._meta
        fields = list(meta.concrete_fields)
        for position, field in enumerate(fields):
            column = Col(meta.db_table, field)
            converters = [
                *connection.ops.get_db_converters(column),
                *field.get_db_converters(connection),
            ]
            if converters:
                self._converters.append((position, column, converters))
        self._names = [field.attname for field in fields]
        columns = ", ".join(f'"{field.column}"' for field in fields)
        self._statement = f'SELECT {columns} FROM "{meta.db_table}" WHERE {self._where}'
