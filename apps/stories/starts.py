"""Built-in starts for a story: six common patterns with sensible figures and ranges. Pure.

The figures are orders of magnitude to correct, not benchmarks: each states a likely case and its
one-in-ten low and high, and an organization keeps better ones as its own templates.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from apps.portfolio.enums import CapabilityKind as Kind
from apps.stories.bands import Sizes
from apps.stories.enums import Pattern
from apps.stories.estimator import Assumptions, MixShare, Triple, exactly
from apps.stories.estimator.inputs import Development, Parts, Production, Testing, add_months


@dataclass(frozen=True, slots=True)
class Start:
    """One built-in template. The models and dates are filled in when it is used."""

    key: str
    name: str
    description: str
    icon: str
    kind: str
    pattern: str
    noun: str
    size: str
    build_months: int
    production: Production
    testing: Testing
    value_metric: str
    value_unit: str


def _t(low: int | str, likely: int | str, high: int | str) -> Triple:
    return Triple(likely=Decimal(likely), low=Decimal(low), high=Decimal(high))


def _tests(runs: int, cases: int, tokens: int) -> Testing:
    return Testing(
        runs=_t(runs // 2, runs, runs * 2),
        cases=exactly(cases),
        tokens_per_case=exactly(tokens),
        output_share=exactly(10),
        cache_hit=exactly(30),
    )


_GROWTH = _t(0, 3, 6)
_RETRY = _t(1, 2, 5)
_WRITES = exactly(10)

STARTS: Mapping[str, Start] = {
    start.key: start
    for start in (
        Start(
            key="chatbot",
            name="Chatbot",
            description="Answers in a conversation, from its instructions alone.",
            icon="message-circle",
            kind=Kind.PRODUCTION.value,
            pattern=Pattern.CHATBOT.value,
            noun="message",
            size="S",
            build_months=2,
            production=Production(
                volume="users",
                users=_t(1_000, 2_000, 4_000),
                adoption=_t(20, 40, 60),
                per_user=_t(6, 12, 20),
                calls=exactly(1),
                parts=Parts(
                    system_prompt=exactly(900),
                    safety=exactly(300),
                    history=_t(600, 1_200, 2_500),
                    user_text=_t(60, 120, 250),
                    output=_t(150, 300, 500),
                ),
                cache_hit=_t(20, 40, 60),
                cache_write=_WRITES,
                retry=_RETRY,
                growth=_GROWTH,
            ),
            testing=_tests(20, 200, 3_000),
            value_metric="Enquiries answered without a person",
            value_unit="enquiries",
        ),
        Start(
            key="retrieval",
            name="Retrieval assistant",
            description="Looks things up in your documents, then answers.",
            icon="search",
            kind=Kind.PRODUCTION.value,
            pattern=Pattern.RETRIEVAL.value,
            noun="question",
            size="M",
            build_months=3,
            production=Production(
                volume="users",
                users=_t(300, 600, 1_200),
                adoption=_t(25, 45, 65),
                per_user=_t(10, 20, 40),
                calls=_t(1, 2, 3),
                parts=Parts(
                    system_prompt=exactly(1_200),
                    safety=exactly(300),
                    context=_t(3_000, 6_000, 10_000),
                    history=_t(300, 800, 1_800),
                    user_text=_t(50, 100, 200),
                    output=_t(250, 450, 800),
                ),
                cache_hit=_t(10, 20, 27),
                cache_write=_WRITES,
                retry=_RETRY,
                growth=_GROWTH,
            ),
            testing=_tests(24, 300, 18_000),
            value_metric="Search time saved",
            value_unit="minutes",
        ),
        Start(
            key="agent",
            name="Agent",
            description="Plans, calls tools and loops until the task is done.",
            icon="robot",
            kind=Kind.PRODUCTION.value,
            pattern=Pattern.AGENT.value,
            noun="task",
            size="L",
            build_months=4,
            production=Production(
                interactions=_t(2_500, 5_000, 9_000),
                calls=_t(6, 12, 20),
                parts=Parts(
                    system_prompt=exactly(2_500),
                    safety=exactly(400),
                    context=_t(800, 2_000, 5_000),
                    history=_t(2_000, 4_000, 9_000),
                    tools=_t(1_500, 3_500, 8_000),
                    user_text=exactly(80),
                    output=_t(250, 450, 900),
                    reasoning=_t(200, 600, 1_500),
                ),
                cache_hit=_t(40, 60, 75),
                cache_write=_WRITES,
                retry=_t(2, 5, 12),
                growth=_t(0, 4, 8),
            ),
            testing=_tests(30, 150, 150_000),
            value_metric="Handling time saved",
            value_unit="minutes",
        ),
        Start(
            key="documents",
            name="Document pipeline",
            description="Reads documents on a schedule and writes structured data.",
            icon="file-text",
            kind=Kind.PIPELINE.value,
            pattern=Pattern.DOCUMENTS.value,
            noun="document",
            size="M",
            build_months=3,
            production=Production(
                interactions=_t(12_000, 20_000, 32_000),
                calls=_t(1, 2, 3),
                parts=Parts(
                    system_prompt=exactly(1_500),
                    safety=exactly(200),
                    context=exactly(500),
                    multimodal=_t(3_000, 6_000, 14_000),
                    output=_t(500, 900, 1_600),
                ),
                cache_hit=_t(8, 15, 20),
                cache_write=_WRITES,
                batch_share=_t(20, 60, 90),
                retry=_RETRY,
                growth=_t(0, 2, 4),
            ),
            testing=_tests(16, 500, 18_000),
            value_metric="Minutes of typing saved",
            value_unit="minutes",
        ),
        Start(
            key="coding",
            name="Coding assistant",
            description="Helps engineers write, review and repair code.",
            icon="code",
            kind=Kind.DEVELOPMENT.value,
            pattern=Pattern.CODING.value,
            noun="task",
            size="S",
            build_months=1,
            production=Production(
                volume="users",
                users=_t(40, 60, 90),
                adoption=_t(60, 80, 95),
                per_user=_t(80, 160, 300),
                calls=_t(4, 8, 15),
                parts=Parts(
                    system_prompt=exactly(3_000),
                    safety=exactly(300),
                    context=_t(4_000, 8_000, 16_000),
                    history=_t(3_000, 6_000, 12_000),
                    tools=_t(2_000, 4_000, 8_000),
                    user_text=exactly(150),
                    output=_t(400, 700, 1_200),
                    reasoning=_t(200, 500, 1_200),
                ),
                cache_hit=_t(40, 55, 62),
                cache_write=_WRITES,
                retry=_RETRY,
                growth=_GROWTH,
            ),
            testing=_tests(10, 100, 150_000),
            value_metric="Engineering hours saved",
            value_unit="hours",
        ),
        Start(
            key="analytics",
            name="Conversational analytics",
            description="Turns questions into queries and explains the result.",
            icon="chart-bar",
            kind=Kind.ANALYTICS.value,
            pattern=Pattern.ANALYTICS.value,
            noun="question",
            size="M",
            build_months=3,
            production=Production(
                volume="users",
                users=_t(150, 300, 500),
                adoption=_t(30, 50, 70),
                per_user=_t(15, 30, 60),
                calls=_t(2, 4, 7),
                parts=Parts(
                    system_prompt=exactly(2_000),
                    safety=exactly(300),
                    context=_t(2_000, 4_000, 8_000),
                    history=_t(400, 1_000, 2_500),
                    tools=_t(800, 2_000, 5_000),
                    user_text=exactly(80),
                    output=_t(200, 400, 800),
                    reasoning=_t(100, 300, 800),
                ),
                cache_hit=_t(25, 40, 55),
                cache_write=_WRITES,
                retry=_t(2, 6, 12),
                growth=_GROWTH,
            ),
            testing=_tests(20, 200, 40_000),
            value_metric="Reports without an analyst",
            value_unit="reports",
        ),
    )
}


def first_month(today: dt.date) -> dt.date:
    """Building starts with the next month."""
    return add_months(today.replace(day=1), 1)


def begin(start: Start, *, today: dt.date, sizes: Sizes, mix: tuple[MixShare, ...]) -> Assumptions:
    """The start as assumptions of a new story."""
    begins = first_month(today)
    return Assumptions(
        starts_on=begins,
        live_on=add_months(begins, start.build_months),
        unit_noun=start.noun,
        production=msgspec.structs.replace(start.production, mix=mix),
        development=Development(
            basis="size",
            size=start.size,  # type: ignore[arg-type]
            size_tokens=sizes[start.size].triple,
            output_share=exactly(10),
            cache_hit=exactly(60),
        ),
        testing=start.testing,
    )


def redate(a: Assumptions, *, today: dt.date, build_months: int) -> Assumptions:
    """Other assumptions as a new story: building starts next month and takes as long."""
    begins = first_month(today)
    return msgspec.structs.replace(a, starts_on=begins, live_on=add_months(begins, build_months))
