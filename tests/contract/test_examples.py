"""Every operation of the API's description answers as it says, to the request that it shows.

Each example is sent three times: with an Idempotency-Key, the same once more, and another body
under the same key. What an operation answered is kept in `apps/api/answers.json` and shown in the
description. After a change of an answer:

    TOKENOPS_KEEP_ANSWERS=1 python -m pytest tests/contract/test_examples.py
    python manage.py write_openapi
"""

import json
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection, transaction

from apps.api.schema import ANSWERS
from apps.webhooks import catalogue
from tests.contract.acts import ACTS
from tests.contract.described import Example, Operation, document, misfits, operations
from tests.contract.grown import GROWS, NOW, Grown
from tests.contract.transitions import PARTS, Event, Move, watched
from tests.isolation import rows
from tests.world import World

pytestmark = pytest.mark.django_db

SILENT = {
    "get imports/{job_id}/refused/": "a CSV file",
    "get stories/{ref}/files/{attachment_id}/": "the file itself",
}
"""Operations whose answer is no JSON, and why."""

BINARY = "application/x-protobuf"
"""A body that no text shows; the JSON twin of the operation has the example."""

KEEP = "TOKENOPS_KEEP_ANSWERS"
_WRITES = re.compile(r"^\s*(?:WITH\b.*\b)?(INSERT INTO|UPDATE|DELETE FROM|MERGE INTO|COPY)\b", re.S)
_OWN = re.compile(r"\bapi_idempotencykey\b|\borganizations_apikey\b")


@dataclass
class Told:
    """What became of one example."""

    operation: Operation
    example: Example
    status: int = 0
    text: str = ""
    answer: Any = None
    moves: list[Move] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unsafe: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return f"{self.operation.key} ({self.example.name})"


@contextmanager
def writes() -> Iterator[list[str]]:
    """The statements that write, except the claim of the key and when an API key was last used."""
    seen: list[str] = []

    def note(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        text = str(sql)
        if _WRITES.match(text) and not _OWN.search(text):
            seen.append(text[:120])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield seen


def tell(grown: Grown, operation: Operation, example: Example, *, keep: bool) -> Told:
    """Send an example, and again, and another one in its name. Undone unless it is kept."""
    told = Told(operation, example)
    try:
        with transaction.atomic():
            _tell(grown, told, keep=keep)
    except Exception as error:
        told.wrong.append(f"{type(error).__name__}: {error}")
    return told


def _tell(grown: Grown, told: Told, *, keep: bool) -> None:
    operation, example = told.operation, told.example
    sent = grown.prepared(operation, example)
    if example.media and (
        found := misfits(operation.body_schema(example.media), sent.body, written=True)
    ):
        told.wrong.append(f"the example does not fit: {found}")
    key = "" if operation.method == "get" else told.key
    with watched(grown.org, told) if key else nullcontext():
        first = sent.answer(key=key)
    told.status = first.status_code
    told.text = "" if first.streaming else first.content.decode(errors="replace")
    if str(told.status) not in operation.answers():
        told.wrong.append(f"{told.status}: {told.text[:300]}")
    else:
        if key:
            told.unsafe += repeated(sent, told, key)
        described(told)
    if not keep or told.wrong:
        transaction.set_rollback(True)


def repeated(sent: Any, told: Told, key: str) -> list[str]:
    """What is wrong with a second call under the same key, and with another one."""
    wrong = []
    with writes() as written:
        again = sent.answer(key=key)
    if (again.status_code, without_secret(again.content)) != (
        told.status,
        without_secret(told.text.encode()),
    ):
        wrong.append(f"repeated: {again.status_code} {again.content[:100]!r}")
    if again.headers.get("Idempotency-Replayed") != "true":
        wrong.append("repeated: not marked")
    if written:
        wrong.append(f"repeated: wrote {written}")
    with writes() as written:
        other = sent.answer(key=key, other=True)
    problem = json.loads(other.content)
    if other.status_code != 422 or "new key" not in json.dumps(problem):
        wrong.append(f"another call: {other.status_code} {problem}")
    if written:
        wrong.append(f"another call: wrote {written}")
    return wrong


def without_secret(content: bytes) -> Any:
    """An answer without what only the first one may hold."""
    try:
        value = json.loads(content)
    except ValueError:
        return content
    if isinstance(value, dict):
        value.pop("secret", None)
    return value


def described(told: Told) -> None:
    """Hold an answer against its schema, and take it as an example."""
    pointer = told.operation.answer_schema(told.status)
    if pointer is None:
        if told.text and told.operation.key not in SILENT:
            told.wrong.append(f"answers {told.status} with a body that is not described")
        return
    if told.operation.key in SILENT:
        return
    value = json.loads(told.text)
    if found := misfits(pointer, value, written=False):
        told.wrong.append(f"{told.status} does not fit: {found}")
    told.answer = Shown().of(value)


class Shown:
    """An answer as an example: ids, hashes and secrets are neutral, lists are short.

    The clock of the database runs on: its instants, told by their fractions, are NOW.
    """

    _ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
    _HASH = re.compile(r"\b[0-9a-f]{64}\b")
    _INSTANT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|\+00:00)")
    _SECRET = re.compile(r"\b(tok_|whsec_)[\w+/=.-]+")

    def __init__(self) -> None:
        self.ids: dict[str, str] = {}

    def of(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self._text(name): self.of(part) for name, part in value.items()}
        if isinstance(value, list):
            return (
                [self.of(part) for part in value[: 1 if isinstance(value[0], dict) else 3]]
                if (value)
                else []
            )
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        text = self._ID.sub(lambda found: self._neutral(found.group()), text)
        text = self._HASH.sub(
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", text
        )
        text = self._INSTANT.sub(lambda found: f"{NOW:%Y-%m-%dT%H:%M:%S}{found.group(1)}", text)
        return self._SECRET.sub(lambda found: f"{found.group(1)}…", text)

    def _neutral(self, found: str) -> str:
        number = len(self.ids) + 1
        return self.ids.setdefault(found, f"01a20ae3-0000-7000-8000-{number:012x}")


def shape(value: Any) -> Any:
    """Names and types of an answer."""
    if isinstance(value, dict):
        return {name: shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


@contextmanager
def repeatable() -> Iterator[None]:
    """The same ids and words in every run: recorded answers differ where the product does."""
    numbers: Counter[str] = Counter()

    def words(field: Any) -> str:
        name = str(field.verbose_name).capitalize()
        numbers[name] += 1
        text = f"{name} {numbers[name]}"
        size = field.max_length or len(text)
        return text if len(text) <= size else f"{sum(numbers.values()):x}".rjust(size, "x")

    seeded = random.Random(1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "urandom", seeded.randbytes)
        patched.setattr(rows, "unique_text", words)
        yield


@pytest.fixture(scope="module")
def told(django_db_setup: None, django_db_blocker: Any) -> list[Told]:
    """All examples, told once for the tests below."""
    with (
        django_db_blocker.unblock(),
        time_machine.travel(NOW, tick=False),
        repeatable(),
        transaction.atomic(),
    ):
        try:
            return list(everything(Grown(World().a)))
        finally:
            transaction.set_rollback(True)


def born(move: Move) -> bool:
    """A part that begins with its whole, whose event tells it."""
    return move.before is None and move.model in PARTS


def test_every_transition_is_an_event(told: list[Told]) -> None:
    """What changes the state of a subject is in the trail, which webhooks read."""
    silent = {}
    for each in told:
        rows = {event.row for event in each.events}
        untold = [m for m in each.moves if m.row not in rows and not (rows and born(m))]
        if untold:
            silent[each.key] = untold
    assert silent == {}
    assert len({(m.model, m.before, m.after) for each in told for m in each.moves}) > 25


def test_every_event_of_a_transition_is_sent_and_described(told: list[Told]) -> None:
    found = {event.payload["type"]: event.payload for each in told for event in each.events}
    shown = {action: Shown().of(found[action]) for action in catalogue.events() if action in found}
    if os.environ.get(KEEP):
        catalogue.PAYLOADS.write_text(
            json.dumps(shown, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        )
        catalogue.payloads.cache_clear()
    assert set(catalogue.events()) - found.keys() == set()
    assert {action: shape(body) for action, body in shown.items()} == {
        action: shape(body) for action, body in catalogue.payloads().items()
    }, f"events changed: run this file with {KEEP}=1, then write_openapi"
    assert document()["webhooks"].keys() == shown.keys()


def everything(grown: Grown) -> Iterator[Told]:
    known = {operation.key: operation for operation in operations()}
    for key, parameter in GROWS.items():
        for number, example in enumerate(known[key].examples()):
            cache.clear()  # the calls of a minute are counted
            found = tell(grown, known[key], example, keep=not number)
            if not number and not found.wrong:
                grown.keep(parameter, json.loads(found.text or "null"))
            yield found
    for operation in known.values():
        for example in operation.examples() if operation.key not in GROWS else ():
            if example.media != BINARY:
                cache.clear()
                yield tell(grown, operation, example, keep=False)
    for act in ACTS:
        yield acted(grown, act)


def acted(grown: Grown, act: Callable[[Any], None]) -> Told:
    """What moves by an act that is no call of the API. Undone."""
    told = Told(Operation("act", act.__name__, {}), Example("Act"))
    try:
        with transaction.atomic():
            with watched(grown.org, told), grown.org.scope():
                act(grown.org)
            transaction.set_rollback(True)
    except Exception as error:
        told.wrong.append(f"{type(error).__name__}: {error}")
    return told


def test_every_operation_with_a_body_shows_a_request() -> None:
    silent = [
        f"{operation.key} {media}"
        for operation in operations()
        for media, content in operation.takes.items()
        if media != BINARY and not content.get("examples")
    ]
    assert silent == []


def test_every_example_runs_and_fits_the_description(told: list[Told]) -> None:
    assert {each.key: each.wrong for each in told if each.wrong} == {}
    assert len(told) > 250


def test_every_writing_operation_honours_idempotency_keys(told: list[Told]) -> None:
    """The same call once more gets the first answer and writes nothing; another call is refused."""
    assert {each.key: each.unsafe for each in told if each.unsafe} == {}


def test_the_description_shows_the_answers(told: list[Told]) -> None:
    found: dict[str, dict[str, Any]] = {}
    for each in told:
        if each.answer is not None:
            found.setdefault(each.operation.address, {})[each.example.name] = {
                "status": str(each.status),
                "value": each.answer,
            }
    if os.environ.get(KEEP):
        ANSWERS.write_text(json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    kept = json.loads(ANSWERS.read_text(encoding="utf-8"))
    told_shapes = {address: shape(examples) for address, examples in found.items()}
    kept_shapes = {address: shape(examples) for address, examples in kept.items()}
    changed = {
        address
        for address in told_shapes.keys() | kept_shapes.keys()
        if told_shapes.get(address) != kept_shapes.get(address)
    }
    assert changed == set(), f"answers changed: run this file with {KEEP}=1, then write_openapi"
    answered = {each.operation.key for each in told if each.answer is not None}
    assert {
        operation.key
        for operation in operations()
        if any(operation.answer_schema(int(status)) for status in operation.answers())
    } - answered - SILENT.keys() == set()
