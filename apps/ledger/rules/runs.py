"""Details of calls that belong to runs, as arrays. Pure.

Most records have none: a batch without runs costs one look per record and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, get_args
from uuid import UUID

import msgspec
import numpy as np
from numpy.typing import NDArray

from apps.ledger.enums import RunOutcome, RunWordKind
from apps.ledger.rules import keys
from apps.ledger.schema import PARTS, Outcome, RunIn, UsageIn

IntArray = NDArray[np.int64]
OUTCOMES = dict(zip(get_args(Outcome), RunOutcome, strict=True))
"""Codes of the callers' words."""


@dataclass(frozen=True, slots=True)
class Details:
    """One entry per record with a run. Instants are microseconds since 1970.

    `parts` has a column per part of the prompt; `parted` says whether the call states them.
    `runs` names the runs and parents behind the keys, `words` the names behind the other ids.
    """

    record_key: list[UUID]
    occurred: IntArray
    observed: IntArray
    run: IntArray
    parent: IntArray
    agent: IntArray
    workflow: IntArray
    tool: IntArray
    outcome: NDArray[np.int16]
    retry: NDArray[np.bool_]
    parted: NDArray[np.bool_]
    parts: IntArray
    runs: dict[int, str]
    words: dict[int, tuple[RunWordKind, str]]

    def __len__(self) -> int:
        return len(self.run)

    def where(self, keep: NDArray[np.bool_]) -> "Details | None":
        """The details of some records; None when none is left."""
        if not keep.any():
            return None
        arrays: dict[str, Any] = {
            field.name: value[keep]
            for field in fields(self)
            if isinstance(value := getattr(self, field.name), np.ndarray)
        }
        named = {*arrays["run"].tolist(), *arrays["parent"].tolist()}
        return replace(
            self,
            **arrays,
            record_key=[key for key, kept in zip(self.record_key, keep, strict=True) if kept],
            runs={number: text for number, text in self.runs.items() if number in named},
        )


def read(
    batch: Sequence[UsageIn],
    source_id: UUID,
    *,
    key: NDArray[np.uint64],
    occurred: IntArray,
    observed: IntArray,
) -> Details | None:
    """The details in a batch; None where no record has any.

    Raises ValueError for what a caller in Python may build although `RunIn` does not allow it.
    """
    at = [index for index, usage in enumerate(batch) if usage.run is not None]
    if not at:
        return None
    found = [run for index in at if (run := batch[index].run) is not None]
    for index, run in zip(at, found, strict=True):
        msgspec.convert(msgspec.to_builtins(run), RunIn)
        if batch[index].granularity != "event":
            raise ValueError("a bucket belongs to no run")
    names: dict[int, str] = {}
    words: dict[int, tuple[RunWordKind, str]] = {}

    def run_of(text: str) -> int:
        if not text:
            return 0
        number = keys.run_key(source_id, text)
        names[number] = text
        return number

    def word_of(kind: RunWordKind, text: str) -> int:
        number = keys.run_word(kind, text)
        if number:
            words[number] = (kind, text)
        return number

    def ids(numbers: list[int]) -> IntArray:
        return np.array(numbers, np.int64)

    raw = key[at].astype(">u8").tobytes()
    return Details(
        record_key=[UUID(bytes=raw[i : i + 16]) for i in range(0, len(raw), 16)],
        occurred=occurred[at],
        observed=observed[at],
        run=ids([run_of(run.id) for run in found]),
        parent=ids([run_of(run.parent_id) for run in found]),
        agent=ids([word_of(RunWordKind.AGENT, run.agent) for run in found]),
        workflow=ids([word_of(RunWordKind.WORKFLOW, run.workflow) for run in found]),
        tool=ids([word_of(RunWordKind.TOOL, run.tool) for run in found]),
        outcome=np.array([OUTCOMES[run.outcome] for run in found], np.int16),
        retry=np.array([run.retry for run in found], np.bool_),
        parted=np.array([run.prompt_tokens is not None for run in found], np.bool_),
        parts=ids(
            [
                getattr(run.prompt_tokens, part) if run.prompt_tokens else 0
                for run in found
                for part in PARTS
            ]
        ).reshape(len(found), len(PARTS)),
        runs=names,
        words=words,
    )
