"""How a source and its runs are put into words and tones."""

from datetime import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.common import clock, fmt
from apps.connectors import selectors
from apps.connectors.enums import Health, RunStatus
from apps.connectors.models import PullRun, SchemaAlarm, Source, UnitUsage
from apps.connectors.providers.copilot_rules import SCALE
from apps.ledger.selectors.coverage import received

HEALTH_TONES = {
    Health.FRESH: "ok",
    Health.CATCHING_UP: "acc",
    Health.LATE: "warn",
    Health.FAILING: "bad",
    Health.BLOCKED: "bad",
    Health.PAUSED: "",
    Health.WAITING: "",
}
RUN_TONES = {
    RunStatus.RUNNING: "acc",
    RunStatus.SUCCEEDED: "ok",
    RunStatus.FAILED: "bad",
    RunStatus.LOST: "warn",
}


def chip(text: str, tone: str) -> SafeString:
    return format_html('<span class="chip {}">{}</span>', tone, text)


def health_label(source: Source) -> str:
    """ "Handed in" for sources that nobody pulls, else the health's label."""
    found = selectors.health_of(source)
    if found == Health.FRESH and not source.is_pulled:
        return "Handed in"
    return found.label


def health_chip(source: Source) -> SafeString:
    found = selectors.health_of(source)
    tone = HEALTH_TONES[found] if source.is_pulled or found != Health.FRESH else ""
    return chip(health_label(source), tone)


def run_chip(run: PullRun) -> SafeString:
    return chip(run.get_status_display(), RUN_TONES[RunStatus(run.status)])


def kind_and_role(source: Source) -> str:
    """LiteLLM gateway, comparison only."""
    kind = source.get_kind_display()
    return f"{kind}, comparison only" if source.is_compared else kind


UNIT_LABELS = {
    "images": "Images",
    "audio_speeches": "Speech",
    "audio_transcriptions": "Transcription",
    "vector_stores": "Vector stores",
    "code_interpreter_sessions": "Code interpreter",
    "file_search_calls": "File search",
    "web_search_calls": "Web search",
    "requests": "Requests",
    "premium_requests": "Premium requests",
    "ai_credits": "AI credits",
    "interactions": "Interactions",
    "generations": "Code generations",
    "acceptances": "Code acceptances",
}


def unit_label(line: UnitUsage) -> str:
    """The reader's word for an endpoint."""
    return UNIT_LABELS.get(line.what, line.what)


def unit_quantity(line: UnitUsage) -> str:
    """38.0 GiB stored; 20 seconds; 1 image."""
    part, _, counted = line.unit.partition(" ")
    if line.unit == "bytes":
        amount = _bytes(line.quantity)
    elif part == f"1/{SCALE}":
        amount = f"{line.quantity / SCALE:,.10g} {counted}"
    else:
        unit = line.unit.removesuffix("s") if line.quantity == 1 else line.unit
        amount = f"{fmt.count(line.quantity)} {unit}"
    return f"{amount} stored" if line.gauge else amount


def _bytes(size: int) -> str:
    for step, name in ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if size >= step:
            return f"{size / step:,.1f} {name}"
    return f"{size} bytes"


def schedule(minutes: int) -> str:
    """every 5 minutes, every hour, every 6 hours, once a day."""
    if minutes == 1440:
        return "once a day"
    if minutes % 60 == 0:
        hours = minutes // 60
        return "every hour" if hours == 1 else f"every {hours} hours"
    return f"every {minutes} minutes"


def alarm_chip(alarm: SchemaAlarm) -> SafeString:
    """Red while nobody looked at a field of tokens or money."""
    if alarm.acknowledged_at:
        tone = ""
    else:
        tone = "bad" if alarm.touches_figures else "warn"
    return chip(alarm.get_change_display(), tone)


def alarm_count(source: Any) -> SafeString | None:
    """A chip with the number of open alarms; nothing where there is none."""
    return chip(fmt.plural(source.open_alarms, "change"), "warn") if source.open_alarms else None


def acknowledged(alarm: SchemaAlarm) -> str:
    """By whom, or that it is open."""
    return f"by {alarm.acknowledged_by}" if alarm.acknowledged_at else "Open"


def seconds(run: PullRun) -> str:
    """How long a run took: 0.8 s, 12 s, 3 min."""
    if run.duration_ms is None:
        return fmt.DASH
    if run.duration_ms < 10_000:
        return f"{run.duration_ms / 1000:.1f} s"
    return fmt.duration(run.duration_ms / 1000)


def window(run: PullRun, zone: str = "UTC") -> str:
    """19 Nov, 00:00 to 23 Nov, 12:00 UTC."""
    if run.window_start is None or run.window_end is None:
        return fmt.DASH
    start, end = fmt.moment(run.window_start, zone), fmt.moment(run.window_end, zone)
    return f"{start.rsplit(' ', 1)[0]} to {end}"


def headline(source: Source, zone: str) -> str:
    """The answer to "is this source all right?"."""
    name, found = source.name, selectors.health_of(source)
    if not source.is_pulled:
        last = received(source.id).last_at
        return f"{name} last brought usage {freshness(last)}" if last else f"{name} waits for usage"
    until = fmt.moment(source.cursor, zone)
    if selectors.is_of_files(source) and found in (Health.FRESH, Health.LATE):
        late = " late" if found == Health.LATE else ""
        return f"{name} has read its files{late}" + (f", until {until}" if source.cursor else "")
    return {
        Health.FRESH: f"{name} is complete until {until}",
        Health.CATCHING_UP: f"{name} is reading its history, {_share(source)} done",
        Health.LATE: f"{name} is late: complete until {until}",
        Health.FAILING: f"{name} could not be read {_times(source.failures)}",
        Health.BLOCKED: f"{name} stopped: the provider refused its credential",
        Health.PAUSED: f"{name} is paused",
        Health.WAITING: f"{name} waits for its first run",
    }[found]


def _share(source: Source) -> str:
    return fmt.pct(selectors.progress_of(source))


def _times(failures: int) -> str:
    return "since the last run" if failures == 1 else f"in the last {failures} runs"


def freshness(moment: datetime | None) -> str:
    """5 min ago; "never" before the first success."""
    return "never" if moment is None else fmt.ago(moment, clock.now())


def started_by(run: PullRun) -> str:
    """Who or what asked for a run."""
    return f"asked by {run.requested_by}" if run.requested_by else "on schedule"


def last_brought(source: Any) -> datetime | None:
    """When a source of the list last brought something."""
    found: datetime | None = source.last_success_at if source.is_pulled else source.received_at
    return found


def records(source: Any) -> int | None:
    """How many records a source of the list has brought; None before the first."""
    found: int | None = source.rows_new if source.is_pulled else source.counted
    return found
