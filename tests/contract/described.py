"""The API's description as the contract tests read it: operations, examples, and what fits them."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from apps.api.schema import SNAPSHOT

PREFIX = "/api/v1/"
_METHODS = ("get", "post", "put", "patch", "delete")
_DOCUMENT = "urn:tokenops:api"


@dataclass(frozen=True)
class Example:
    """One request of the description. Without a body it is the call itself."""

    name: str
    media: str = ""
    value: Any = None


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    about: dict[str, Any]

    @property
    def key(self) -> str:
        """Such as `post budgets/{budget_id}/grant/`."""
        return f"{self.method} {self.path.removeprefix(PREFIX)}"

    @property
    def address(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def takes(self) -> dict[str, Any]:
        """Media types of its body."""
        return self.about.get("requestBody", {}).get("content", {})

    def examples(self) -> Iterator[Example]:
        """Those of its body; a call without one is an example by itself."""
        for media, content in self.takes.items():
            for name, example in content.get("examples", {}).items():
                yield Example(name, media, example["value"])
        if not self.takes:
            yield Example("Answer")

    def answers(self) -> list[str]:
        """Statuses of success."""
        return [status for status in self.about["responses"] if status.startswith("2")]

    def answer_schema(self, status: int) -> str | None:
        """Where the description has the schema of a JSON answer; None where there is none."""
        content = self.about["responses"].get(str(status), {}).get("content", {})
        if "application/json" not in content:
            return None
        return self._pointer("responses", str(status), "content", "application/json", "schema")

    def body_schema(self, media: str) -> str:
        return self._pointer("requestBody", "content", media, "schema")

    def _pointer(self, *parts: str) -> str:
        steps = ("paths", self.path, self.method, *parts)
        return "/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps)


@cache
def document() -> dict[str, Any]:
    """The snapshot."""
    return parsed((Path(settings.BASE_DIR) / SNAPSHOT).read_bytes())


def parsed(text: bytes) -> dict[str, Any]:
    """A description, read with the quick loader where there is one."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: dict[str, Any] = yaml.load(text, loader)  # noqa: S506 -- both are safe
    return found


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(
        Operation(method, path, methods[method])
        for path, methods in document()["paths"].items()
        for method in _METHODS
        if method in methods
    )


def misfits(pointer: str, value: Any, *, written: bool) -> list[str]:
    """Where a value does not fit a schema of the description: a body (`written`) or an answer."""
    checker = _checker("readOnly" if written else "writeOnly")
    validator = checker({"$ref": f"{_DOCUMENT}#{pointer}"}, registry=_registry())
    errors = [best_match([error]) for error in validator.iter_errors(value)]
    return sorted(
        f"{'.'.join(map(str, error.absolute_path))}: {error.message[:160]}" for error in errors
    )[:4]


@cache
def _registry() -> Registry:
    resource = DRAFT202012.create_resource(copy.deepcopy(document()))
    return Registry().with_resource(_DOCUMENT, resource)


@cache
def _checker(silent: str) -> Any:
    """Of a body, fields that are only read are not required, and the other way round. Fields that
    the description does not name are misfits."""

    def required(validator: Any, names: Any, instance: Any, schema: Any) -> Iterator[Any]:
        known = schema.get("properties", {})
        for name in names if isinstance(instance, dict) else ():
            if name not in instance and not known.get(name, {}).get(silent):
                yield ValidationError(f"{name!r} is missing")

    def properties(validator: Any, known: Any, instance: Any, schema: Any) -> Iterator[Any]:
        yield from Draft202012Validator.VALIDATORS["properties"](validator, known, instance, schema)
        if isinstance(instance, dict) and "additionalProperties" not in schema:
            for name in instance.keys() - known.keys():
                yield ValidationError(f"{name!r} is not described")

    return validators.extend(Draft202012Validator, {"required": required, "properties": properties})
