"""A cloud bill that waits to be imported: what the import shows before anything is written."""

from datetime import datetime, timedelta

from apps.access.roles import Role
from apps.connectors.imports import services
from apps.connectors.imports.models import ImportJob
from apps.connectors.imports.rules.mapping import Mapping
from tokenops.demo.organization import Demo

NAME = "azure-focus-export.csv"
DAYS = 14
HEAD = (
    "BillingAccountId,BillingCurrency,BilledCost,EffectiveCost,ListCost,ChargeCategory,"
    "ChargePeriodStart,ChargePeriodEnd,ChargeDescription,ConsumedQuantity,ConsumedUnit,"
    "ServiceProviderName,ServiceName,SkuId,SkuMeter,SubAccountId,SubAccountName\n"
)
METERS = (
    # meter, thousands of tokens on the first day, cost per thousand in USD
    ("gpt-4o 1120 Inp glbl Tokens", 5_200, 0.0025),
    ("gpt-4o 1120 cached Inp glbl Tokens", 1_900, 0.00125),
    ("gpt-4o 1120 Outp glbl Tokens", 610, 0.01),
)


def ensure_export(demo: Demo, now: datetime) -> None:
    """Upload and check the bill once. It is left to a person to import it."""
    if ImportJob.objects.filter(filename=NAME).exists():
        return
    actor = demo.role(Role.TOKENOPS_LEAD)
    job = services.upload_file(actor=actor, filename=NAME, pieces=[_bill(now).encode()])
    job = services.map_columns(
        actor=actor,
        job_id=job.id,
        mapping=Mapping.from_json(job.mapping),
        source_name=job.source_name,
    )
    while services.check_slice(job.id, job.generation):
        pass


def _bill(now: datetime) -> str:
    """Two weeks of one Azure subscription: tokens, provisioned hours, a credit and the tax."""
    first = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    lines = [HEAD]
    for number in range(DAYS):
        day = first + timedelta(days=number)
        for meter, thousands, price in METERS:
            quantity = thousands + 37 * number
            lines.append(_row(day, quantity * price, quantity, "1K Tokens", meter))
        lines.append(_row(day, 48.0, 24, "Hours", "Provisioned throughput PTU Hours"))
    last = first + timedelta(days=DAYS - 1)
    lines.append(_row(last, -25.0, "", "", "", category="Credit", about="Service credit"))
    lines.append(_row(last, 143.2, "", "", "", category="Tax", about="VAT"))
    return "".join(lines)


def _row(
    day: datetime,
    cost: float,
    quantity: int | str,
    unit: str,
    meter: str,
    *,
    category: str = "Usage",
    about: str = "",
) -> str:
    amount = f"{cost:.4f}"
    end = day + timedelta(days=1)
    return (
        f"MCA-4711,USD,{amount},{amount},{amount},{category},{day:%Y-%m-%dT%H:%M:%SZ},"
        f"{end:%Y-%m-%dT%H:%M:%SZ},{about or meter},{quantity},{unit},Microsoft Azure,"
        f"Azure OpenAI,{meter[:12].strip()},{meter},sub-claims,Claims platform\n"
    )
