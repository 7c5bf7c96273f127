"""Exports that are recognised by their header, with the mapping they come with. Pure.

A preset only fills the mapping: what it chose is shown, and a person may change it. Headers and
their meaning are the providers' own (FOCUS 1.0 to 1.4; Azure Cost Management; Google Cloud billing
export; GitHub billing reports; the consoles of OpenAI, Anthropic and OpenRouter).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from apps.connectors.imports.rules import amounts
from apps.connectors.imports.rules import mapping as maps
from apps.connectors.imports.rules.mapping import TAG

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
    hourly: tuple[str, str] | None = None
    """Columns with start and end of a bucket: an hour apart means hours."""

    def fits(self, names: frozenset[str]) -> bool:
        """Whether the header has at least one name of every group."""
        return all(group & names for group in self.needs)


def _any(*names: str) -> frozenset[str]:
    return frozenset(names)


_FOCUS = {
    "chargeperiodstart": "charge_start",
    "chargeperiodend": "charge_end",
    "billingperiodstart": "billing_start",
    "chargecategory": "category",
    "chargetype": "category",
    "chargeclass": "charge_class",
    "billingcurrency": "currency",
    "pricingcurrency": "pricing_currency",
    "pricingcategory": "pricing_category",
    "effectivecost": "cost",
    "billedcost": "billed",
    "listcost": "list_cost",
    "contractedcost": "contracted_cost",
    "consumedquantity": "consumed_quantity",
    "usagequantity": "consumed_quantity",
    "pricingquantity": "pricing_quantity",
    "consumedunit": "consumed_unit",
    "usageunit": "consumed_unit",
    "pricingunit": "pricing_unit",
    "servicename": "service",
    "servicesubcategory": "product",
    "skumeter": "meter",
    "xskumetername": "meter",
    "chargedescription": "description",
    "skuid": "sku",
    "skupriceid": "sku_price",
    "skupricedetails": "sku_details",
    "xskudetails": "sku_details",
    "resourceid": "resource_id",
    "commitmentdiscountid": "commitment",
    "allocatedresourceid": "allocated_resource",
    "tags": "tags",
    "serviceprovidername": "provider",
    "providername": "provider_old",
    "hostprovidername": "host",
    "publishername": "publisher",
    "invoiceissuername": "issuer",
    "invoiceissuer": "issuer",
    "billingaccountid": "account",
    "subaccountid": "project_id",
    "subaccountname": "project",
    "regionid": "region",
    "region": "region",
}
_AZURE = {
    "date": "charge_start",
    "usagedatetime": "charge_start",
    "usagedate": "charge_start",
    "billingperiodstartdate": "billing_start",
    "chargetype": "category",
    "billingcurrency": "currency",
    "billingcurrencycode": "currency",
    "currency": "currency",
    "costinbillingcurrency": "cost",
    "pretaxcost": "cost",
    "quantity": "consumed_quantity",
    "usagequantity": "consumed_quantity",
    "unitofmeasure": "consumed_unit",
    "consumedservice": "service",
    "metercategory": "service",
    "metersubcategory": "product",
    "productname": "description",
    "metername": "meter",
    "meterid": "sku",
    "resourceid": "resource_id",
    "instanceid": "resource_id",
    "tags": "tags",
    "billingaccountid": "account",
    "subscriptionid": "project_id",
    "subscriptionguid": "project_id",
    "subscriptionname": "project",
    "resourcelocation": "region",
    "pricingmodel": "pricing_category",
    "benefitid": "commitment",
    "reservationid": "commitment",
    "publishername": "publisher",
}
_GOOGLE = {
    "usagestarttime": "charge_start",
    "usageendtime": "charge_end",
    "invoicemonth": "",
    "billingaccountid": "account",
    "servicedescription": "service",
    "skudescription": "meter",
    "skuid": "sku",
    "projectid": "project_id",
    "projectname": "project",
    "locationregion": "region",
    "cost": "cost",
    "currency": "currency",
    "usageamount": "consumed_quantity",
    "usageunit": "consumed_unit",
    "usageamountinpricingunits": "pricing_quantity",
    "usagepricingunit": "pricing_unit",
    "costtype": "category",
    "resourceglobalname": "resource_id",
    "labels": "tags",
}
_COPILOT = {
    "date": "charge_start",
    "username": "user",
    "product": "service",
    "sku": "sku",
    "model": "model",
    "quantity": "consumed_quantity",
    "unittype": "consumed_unit",
    "grossamount": "list_cost",
    "netamount": "cost",
    "organization": "project_id",
    "repository": "repository",
    "costcentername": f"{TAG}cost_center",
    "input": "input_uncached",
    "output": "output",
    "cacheread": "cache_read",
    "cachewrite": "cache_write_5m",
}
_OPENAI = {
    "starttimeiso": "occurred_at",
    "starttime": "occurred_at",
    "projectid": "project_id",
    "projectname": "project",
    "nummodelrequests": "requests",
    "userid": "user",
    "apikeyid": "api_key_id",
    "apikeyname": "api_key",
    "model": "model",
    "servicetier": "service_tier",
    "batch": f"{TAG}batch",
    "inputtokens": "input_total",
    "inputcachedtokens": "cache_read",
    "inputcachewrite30mtokens": "cache_write_5m",
    "inputcachewrite12htokens": "cache_write_1h",
    "outputtokens": "output_total",
}
_ANTHROPIC = {
    "usagedateutc": "occurred_at",
    "modelversion": "model",
    "apikey": "api_key",
    "workspace": "project",
    "usagetype": f"{TAG}usage_type",
    "contextwindow": "context_window",
    "usageinputtokensnocache": "input_uncached",
    "usageinputtokenscachewrite5m": "cache_write_5m",
    "usageinputtokenscachewrite1h": "cache_write_1h",
    "usageinputtokenscacheread": "cache_read",
    "usageoutputtokens": "output",
    "inferencegeo": "region",
    "speed": f"{TAG}speed",
}
_OPENROUTER = {
    "generationid": "event_id",
    "createdat": "occurred_at",
    "costtotal": "cost",
    "tokensprompt": "input_total",
    "tokenscached": "cache_read",
    "tokenscompletion": "output_total",
    "tokensreasoning": "reasoning",
    "modelpermaslug": "model",
    "user": "user",
    "apikeyname": "api_key",
    "providername": f"{TAG}provider",
    "appname": f"{TAG}app",
}
_OPENROUTER_DAYS = {
    "date": "occurred_at",
    "modelpermaslug": "model",
    "model": "model",
    "usage": "cost",
    "requests": "requests",
    "prompttokens": "input_total",
    "completiontokens": "output_total",
    "reasoningtokens": "reasoning",
    "providername": f"{TAG}provider",
    "apikeyname": "api_key",
}
_BEDROCK = {
    "requestid": "event_id",
    "timestamp": "occurred_at",
    "accountid": "account",
    "region": "region",
    "modelid": "model",
    "identityarn": "user",
    "inputtokencount": "input_uncached",
    "cachereadinputtokencount": "cache_read",
    "cachewriteinputtokencount": "cache_write_5m",
    "outputtokencount": "output",
    "metadatateam": "unit",
    "metadataapp": "capability",
    "metadataworkitem": "work_item",
    "metadata": "tags",
}

PRESETS: tuple[Preset, ...] = (
    Preset(
        "bedrock_logs", "Amazon Bedrock invocation logs", "Amazon Bedrock logs", "usage", _BEDROCK,
        (_any("requestid"), _any("inputtokencount"), _any("modelid"), _any("timestamp")),
        {"provider": "aws"},
    ),
    Preset(
        "focus", "FOCUS cost and usage", "FOCUS export", "bill", _FOCUS,
        (_any("chargeperiodstart"), _any("billedcost", "effectivecost"),
         _any("chargecategory", "servicename", "billingcurrency")),
        {},
    ),
    Preset(
        "azure_cost", "Azure cost export", "Azure cost export", "bill", _AZURE,
        (_any("costinbillingcurrency", "pretaxcost"), _any("metername", "metercategory"),
         _any("date", "usagedatetime", "usagedate")),
        {"provider": "Microsoft Azure"}, "day",
    ),
    Preset(
        "google_billing", "Google Cloud billing export", "Google Cloud billing", "bill", _GOOGLE,
        (_any("servicedescription"), _any("skudescription"), _any("usagestarttime"), _any("cost")),
        {"provider": "Google Cloud"}, "day",
    ),
    Preset(
        "copilot", "GitHub usage report", "GitHub billing", "bill", _COPILOT,
        (_any("netamount"), _any("grossamount"), _any("unittype"), _any("sku"), _any("date")),
        {"provider": "GitHub"}, "day",
    ),
    Preset(
        "openai_console", "OpenAI usage export", "OpenAI console", "usage", _OPENAI,
        (_any("starttimeiso", "starttime"), _any("nummodelrequests"), _any("inputtokens"),
         _any("outputtokens")),
        {"provider": "openai"}, "day", ("starttime", "endtime"),
    ),
    Preset(
        "anthropic_console", "Anthropic usage export", "Anthropic console", "usage", _ANTHROPIC,
        (_any("usagedateutc"), _any("modelversion"), _any("usageoutputtokens")),
        {"provider": "anthropic"}, "day",
    ),
    Preset(
        "openrouter", "OpenRouter activity export", "OpenRouter", "usage", _OPENROUTER,
        (_any("generationid"), _any("costtotal"), _any("tokensprompt")),
        {"provider": "openrouter"},
    ),
    Preset(
        "openrouter_days", "OpenRouter daily activity", "OpenRouter", "usage", _OPENROUTER_DAYS,
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
    )
    return _as_written(preset, found, header, first) if first else found


def bill_keys(mapping: maps.Mapping, header: Sequence[str]) -> list[str]:
    """The columns that make the identity of a bill's rows: those that say what was charged.

    For a known export they follow from the header alone, so that an edited mapping, another column
    or another order of columns never gives known rows new keys.
    """
    preset = recognise(header)
    columns = mapping_of(preset, header).columns if preset else mapping.columns
    return [name for name in header if columns.get(name, "") in maps.IDENTIFYING]


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
