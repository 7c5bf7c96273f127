"""Exports that are recognised by their header, with the mapping they come with. Pure.

A preset only fills the mapping: what it chose is shown, and a person may change it. Headers and
their meaning are the providers' own (FOCUS 1.0 to 1.4; AWS Cost and Usage Report; Azure Cost
Management; Google Cloud billing export; GitHub billing reports; the consoles of OpenAI, Anthropic
and OpenRouter).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from apps.connectors.imports.rules import amounts, exports
from apps.connectors.imports.rules import mapping as maps
from apps.connectors.imports.rules.targets import IDENTIFYING

_UTC = ZoneInfo("UTC")
_PLAIN = re.compile(r"[^a-z0-9]")
_CODE = re.compile(r"^[A-Za-z]{3}$")


def plain(name: str) -> str:
    """`Billed Cost`, `billed_cost` and `BilledCost` alike."""
    return _PLAIN.sub("", name.lower())


@dataclass(frozen=True, slots=True)
class Preset:
    """One known export. `columns` maps plain names to targets, first match per target wins."""

    key: str
    label: str
    source_name: str
    kind: str
    columns: Mapping[str, str]
    needs: tuple[frozenset[str], ...]
    constants: Mapping[str, str]
    granularity: str = "event"
    bill_only: bool = False
    """Money of usage that the provider's other export counts."""
    hourly: tuple[str, str] | None = None
    """Columns with start and end of a bucket: an hour apart means hours."""

    def fits(self, names: frozenset[str]) -> bool:
        """Whether the header has at least one name of every group."""
        return all(group & names for group in self.needs)


def _any(*names: str) -> frozenset[str]:
    return frozenset(names)


PRESETS: tuple[Preset, ...] = (
    Preset(
        "bedrock_logs", "Amazon Bedrock invocation logs", "Amazon Bedrock logs", "usage",
        exports.BEDROCK,
        (_any("requestid"), _any("inputtokencount"), _any("modelid"), _any("timestamp")),
        {"provider": "aws"},
    ),
    Preset(
        "focus", "FOCUS cost and usage", "FOCUS export", "bill", exports.FOCUS,
        (_any("chargeperiodstart"), _any("billedcost", "effectivecost"),
         _any("chargecategory", "servicename", "billingcurrency")),
        {},
    ),
    Preset(
        "azure_cost", "Azure cost export", "Azure cost export", "bill", exports.AZURE,
        (_any("costinbillingcurrency", "pretaxcost"), _any("metername", "metercategory"),
         _any("date", "usagedatetime", "usagedate")),
        {"provider": "Microsoft Azure"}, "day",
    ),
    Preset(
        "google_billing", "Google Cloud billing export", "Google Cloud billing", "bill",
        exports.GOOGLE,
        (_any("servicedescription"), _any("skudescription"), _any("usagestarttime"), _any("cost")),
        {"provider": "Google Cloud"}, "day",
    ),
    Preset(
        "copilot", "GitHub usage report", "GitHub billing", "bill", exports.COPILOT,
        (_any("netamount"), _any("grossamount"), _any("unittype"), _any("sku"), _any("date")),
        {"provider": "GitHub"}, "day",
    ),
    Preset(
        "openai_console", "OpenAI usage export", "OpenAI console", "usage", exports.OPENAI,
        (_any("starttimeiso", "starttime"), _any("nummodelrequests"), _any("inputtokens"),
         _any("outputtokens")),
        {"provider": "openai"}, "day", hourly=("starttime", "endtime"),
    ),
    Preset(
        "anthropic_console", "Anthropic usage export", "Anthropic console", "usage",
        exports.ANTHROPIC,
        (_any("usagedateutc"), _any("modelversion"), _any("usageoutputtokens")),
        {"provider": "anthropic"}, "day",
    ),
    Preset(
        "aws_cur", "AWS Cost and Usage Report", "AWS billing", "bill", exports.AWS_CUR,
        (_any("lineitemunblendedcost"), _any("lineitemusagestartdate"),
         _any("lineitemlineitemtype"), _any("lineitemproductcode")),
        {"provider": "Amazon Web Services"},
    ),
    Preset(
        "openai_costs", "OpenAI cost export", "OpenAI bill", "bill", exports.OPENAI_COSTS,
        (_any("amountvalue"), _any("lineitem"), _any("starttimeiso", "starttime")),
        {"provider": "openai"}, "day", bill_only=True,
    ),
    Preset(
        "anthropic_costs", "Anthropic cost export", "Anthropic bill", "bill",
        exports.ANTHROPIC_COSTS,
        (_any("usagedateutc"), _any("tokentype"), _any("costusd")),
        {"provider": "anthropic"}, "day", bill_only=True,
    ),
    Preset(
        "openrouter", "OpenRouter activity export", "OpenRouter", "usage", exports.OPENROUTER,
        (_any("generationid"), _any("costtotal"), _any("tokensprompt")),
        {"provider": "openrouter"},
    ),
    Preset(
        "openrouter_days", "OpenRouter daily activity", "OpenRouter", "usage",
        exports.OPENROUTER_DAYS,
        (_any("usage"), _any("modelpermaslug"), _any("prompttokens"), _any("date")),
        {"provider": "openrouter"}, "day",
    ),
)  # fmt: skip
BY_KEY = {preset.key: preset for preset in PRESETS}
LABELS = {preset.key: preset.label for preset in PRESETS}


def recognise(header: Sequence[str]) -> Preset | None:
    """The export this header belongs to."""
    names = frozenset(plain(name) for name in header)
    return next((preset for preset in PRESETS if preset.fits(names)), None)


def mapping_of(
    preset: Preset, header: Sequence[str], first: Sequence[str] | None = None
) -> maps.Mapping:
    """The preset's mapping for a header; `first` is the first row, to see currency and buckets."""
    columns: dict[str, str] = {}
    for wanted, target in preset.columns.items():
        column = next((name for name in header if plain(name) == wanted), None)
        if column is not None and target and target not in columns.values():
            columns[column] = target
    found = maps.Mapping(
        columns={name: columns[name] for name in header if name in columns},
        constants={k: v for k, v in preset.constants.items() if k not in columns.values()},
        granularity=preset.granularity,
        kind=preset.kind,
        preset=preset.key,
        bill_only=preset.bill_only,
    )
    return _as_written(preset, found, header, first) if first else found


def bill_keys(mapping: maps.Mapping, header: Sequence[str]) -> list[str]:
    """The columns that make the identity of a bill's rows: those that say what was charged.

    For a known export they follow from the header alone, so that an edited mapping, another column
    or another order of columns never gives known rows new keys.
    """
    preset = recognise(header)
    columns = mapping_of(preset, header).columns if preset else mapping.columns
    return [name for name in header if columns.get(name, "") in IDENTIFYING]


def canonical_names(header: Sequence[str]) -> dict[str, str]:
    """What a column is called in a row's identity: its meaning in a known export, else its name."""
    preset = recognise(header)
    known = preset.columns if preset is not None else {}
    return {name: known.get(plain(name)) or plain(name) for name in header}


def _as_written(
    preset: Preset, found: maps.Mapping, header: Sequence[str], first: Sequence[str]
) -> maps.Mapping:
    cells = dict(zip((plain(name) for name in header), first, strict=False))
    currency = found.column_of("currency")
    if currency is not None:
        code = cells.get(plain(currency), "").strip()
        if _CODE.match(code):
            found = replace(found, currency=code.upper())
    if preset.hourly:
        start, end = (cells.get(name, "").strip() for name in preset.hourly)
        try:
            length = amounts.instant(end, _UTC) - amounts.instant(start, _UTC)
        except (ValueError, OverflowError):
            return found
        if length == timedelta(hours=1):
            found = replace(found, granularity="hour")
    return found
