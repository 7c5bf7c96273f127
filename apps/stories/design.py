"""Efficiency by design: the questions of a design review, and a story's answers to them. Pure.

The organization keeps one checklist: questions with weights, the tiers that must answer, and two
gates. A story copies the questions it answers, so changing the checklist moves no revision.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from apps.common.choices import Choice
from apps.common.errors import FieldError, Invalid
from apps.portfolio.enums import Tier

MAX_QUESTIONS = 20
MAX_TEXT = 200
MAX_WEIGHT = 10
MAX_NOTES = 4000
MAX_REASON = 500
KEY_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


class Area(Choice):
    """What a question is about: where designs win or lose tokens."""

    PROMPT = "prompt", "Prompt design"
    CONTEXT = "context", "Context"
    DATA = "data", "Data access"
    MODEL = "model", "Model selection"
    CACHING = "caching", "Caching"
    BATCH = "batch", "Batches"
    LIMITS = "limits", "Limits"
    OTHER = "other", "Something else"


class Reply(Choice):
    """An answer. Not applicable needs a reason and leaves the score."""

    YES = "yes"
    NO = "no"
    NOT_APPLICABLE = "na", "Not applicable"


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing a good design does. ``weight`` is its share of the score."""

    key: str
    area: str
    text: str
    weight: int = 1


class Checklist(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The design review of the organization.

    With ``gate`` a story of one of ``tiers`` is submitted only with every question answered and
    its architecture described. With ``go_live_gate`` nothing goes to production without guardrails.
    """

    questions: tuple[Question, ...]
    tiers: tuple[str, ...] = (Tier.HEAVY.value, Tier.CRITICAL.value)
    gate: bool = False
    go_live_gate: bool = True

    def asks(self, tier: str) -> bool:
        """Whether a story of the tier must pass the review before it is submitted."""
        return self.gate and tier in self.tiers

    @property
    def unanswered(self) -> tuple["Answer", ...]:
        """Its questions as a story finds them."""
        return tuple(
            Answer(question.key, area=question.area, text=question.text, weight=question.weight)
            for question in self.questions
        )


DEFAULT = Checklist(
    questions=(
        Question("prompt-short", "prompt", "The fixed part of the prompt is short, and first.", 2),
        Question("context-needed", "context", "Only what the answer needs is retrieved.", 3),
        Question("history-cut", "context", "Long conversations are cut or summarised.", 1),
        Question("data-by-query", "data", "Data comes by query or tool, never pasted whole.", 2),
        Question("model-smallest", "model", "The smallest model that passes its tests is used.", 3),
        Question("cache-prompt", "caching", "Repeated input is cached, and the hit rate known.", 2),
        Question("batch-later", "batch", "What can wait runs in batches.", 1),
        Question("limits-set", "limits", "Output, steps and retries of a run have limits.", 2),
    )
)
"""What every organization starts with. The gate waits for somebody to mandate it."""


class Answer(msgspec.Struct, frozen=True):
    """One answer with the question as it was asked; ``answer`` empty: not answered yet."""

    key: str
    answer: str = ""
    reason: str = ""
    area: str = ""
    text: str = ""
    weight: int = 1

    @property
    def is_given(self) -> bool:
        """Not applicable counts once it says why."""
        if self.answer == Reply.NOT_APPLICABLE:
            return bool(self.reason.strip())
        return bool(self.answer)


class Design(msgspec.Struct, frozen=True):
    """What a story says in its design review: notes on the architecture, and the answers."""

    notes: str = ""
    answers: tuple[Answer, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.notes and not any(a.answer or a.reason for a in self.answers)

    @property
    def answered(self) -> int:
        return sum(answer.is_given for answer in self.answers)

    @property
    def is_reviewed(self) -> bool:
        """Every question answered, and the architecture described."""
        return bool(self.answers) and not any(missing(self))

    @property
    def score(self) -> int | None:
        """Weight of what the design does in what applies to it, 0 to 100, half up.

        A question without an answer counts as not done. None while nothing is answered, or when
        nothing applies.
        """
        if not any(answer.answer for answer in self.answers):
            return None
        counted = [a for a in self.answers if not (a.answer == Reply.NOT_APPLICABLE and a.is_given)]
        total = sum(answer.weight for answer in counted)
        done = sum(answer.weight for answer in counted if answer.answer == Reply.YES)
        return (200 * done + total) // (2 * total) if total else None


NO_DESIGN = Design()
"""No review."""


def missing(design: Design) -> Iterator[FieldError]:
    """What a review still lacks, in the order of the form."""
    if not design.notes.strip():
        yield FieldError(
            "design.notes",
            "The design review has no architecture notes.",
            "Describe where data comes from, what is cached, and which model does what.",
        )
    for answer in design.answers:
        if answer.is_given:
            continue
        if answer.answer:
            what, fix = "is not applicable without a reason", "Say why it does not apply."
            part = "reason"
        else:
            what, fix = "has no answer", "Answer yes, no, or not applicable with a reason."
            part = "answer"
        yield FieldError(
            field_of(answer.key, part), f"The design review: “{answer.text}” {what}.", fix
        )


def field_of(key: str, part: str) -> str:
    """The name of an answer's part in forms and errors."""
    return f"design.{key}.{part}"


def settle(checklist: Checklist, given: Design) -> Design:
    """The answers held against the checklist in force: each of its questions once, in its order.

    An answer to a question that was removed or worded anew since it was stored is dropped. Empty
    when nothing is said at all. Raises Invalid for a question nobody asks, an unknown answer, and
    texts that are too long.
    """
    errors = list(_answer_problems(checklist, given))
    if errors:
        raise Invalid("The design review cannot be saved.", code="design_invalid", errors=errors)
    found = {answer.key: answer for answer in given.answers}
    answers = []
    for asked in checklist.unanswered:
        kept = found.get(asked.key, asked)
        if kept.text in ("", asked.text):
            asked = msgspec.structs.replace(asked, answer=kept.answer, reason=kept.reason.strip())
        answers.append(asked)
    settled = Design(given.notes.strip(), tuple(answers))
    return NO_DESIGN if settled.is_empty else settled


def _answer_problems(checklist: Checklist, given: Design) -> Iterator[FieldError]:
    keys = [question.key for question in checklist.questions]
    if len(given.notes) > MAX_NOTES:
        yield FieldError("design.notes", "The text is too long.", f"At most {MAX_NOTES}.")
    for answer in given.answers:
        if answer.key not in keys and not answer.text:
            yield FieldError(
                field_of(answer.key, "key"), "There is no such question.", f"Use {', '.join(keys)}."
            )
        if answer.answer and answer.answer not in {reply.value for reply in Reply}:
            yield FieldError(
                field_of(answer.key, "answer"),
                f"{answer.answer} is not an answer.",
                f"Use {', '.join(reply.value for reply in Reply)}.",
            )
        if len(answer.reason) > MAX_REASON:
            yield FieldError(
                field_of(answer.key, "reason"), "The reason is too long.", f"At most {MAX_REASON}."
            )


def load_design(document: Any) -> Design:
    """A stored design. An empty document is no review."""
    return msgspec.convert(document or {}, Design)


def dump_design(design: Design) -> dict[str, Any]:
    """The JSON document of a design; empty for none."""
    if design.is_empty:
        return {}
    document: dict[str, Any] = msgspec.to_builtins(design)
    return document


def parse(document: Any) -> Checklist:
    """The checklist of a document. Raises Invalid with one error per wrong field."""
    try:
        checklist = msgspec.convert(document, Checklist)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        field = path.strip("`").removeprefix("$").removeprefix(".") or "document"
        raise Invalid(
            "The design review has the wrong shape.",
            code="checklist_invalid",
            errors=[FieldError(field, message, "See the schema of PUT /api/v1/design-review/.")],
        ) from error
    errors = [*_question_problems(checklist.questions), *_tier_problems(checklist)]
    if errors:
        raise Invalid(
            "The design review cannot be used as it is.", code="checklist_invalid", errors=errors
        )
    return checklist


def dump(checklist: Checklist) -> dict[str, Any]:
    """The JSON document of a checklist."""
    document: dict[str, Any] = msgspec.to_builtins(checklist)
    return document


def _question_problems(questions: Sequence[Question]) -> Iterator[FieldError]:
    if not 1 <= len(questions) <= MAX_QUESTIONS:
        yield FieldError(
            "questions", f"A review asks 1 to {MAX_QUESTIONS} questions.", "Add or remove some."
        )
    areas = [area.value for area in Area]
    for number, question in enumerate(questions):
        at = f"questions[{number}]"
        if not 1 <= len(question.key) <= 40 or not KEY_CHARACTERS.issuperset(question.key):
            yield FieldError(
                f"{at}.key", "Not a key.", "Use 1 to 40 lower-case letters, digits and hyphens."
            )
        elif any(question.key == other.key for other in questions[:number]):
            yield FieldError(f"{at}.key", "Another question has this key.", "Choose another.")
        if not 1 <= len(question.text.strip()) <= MAX_TEXT:
            yield FieldError(
                f"{at}.text", f"A question has 1 to {MAX_TEXT} characters.", "Shorten it."
            )
        if question.area not in areas:
            yield FieldError(
                f"{at}.area", f"{question.area} is not an area.", f"Use {', '.join(areas)}."
            )
        if not 1 <= question.weight <= MAX_WEIGHT:
            yield FieldError(
                f"{at}.weight", "The weight is out of range.", f"Enter 1 to {MAX_WEIGHT}."
            )


def _tier_problems(checklist: Checklist) -> Iterator[FieldError]:
    for tier in checklist.tiers:
        if tier not in Tier.values:
            yield FieldError("tiers", f"{tier} is not a tier.", f"Use {', '.join(Tier.values)}.")
    if checklist.gate and not checklist.tiers:
        yield FieldError(
            "tiers", "The gate is on for no tier.", "Name a tier, or switch the gate off."
        )
