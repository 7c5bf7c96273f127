"""Rates imported and entered, and the reporting currency: each with evidence."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.access.actors import Actor
from apps.access.permissions import P
from apps.access.services import require
from apps.common import clock
from apps.common.errors import Conflict, Invalid
from apps.pricing.fx import events, rules, selectors
from apps.pricing.fx.enums import FileState, Origin
from apps.pricing.fx.models import ExchangeRate, RateFile, ReportingCurrency
from apps.pricing.fx.reading import FIRST_DAY
from apps.tenancy.scope import require_organization_id
from apps.trail.refs import ObjectRef
from apps.trail.services import record


def _code(text: str, field: str) -> str:
    code = rules.code_of(text)
    if code is None:
        raise Invalid(
            f"{text[:20]!r} is not a currency.", field=field, fix="Use a code such as EUR."
        )
    return code


def upload_rates(*, actor: Actor, filename: str, content: bytes, base: str = "EUR") -> RateFile:
    """Keep a file for its preview. Invalid when it is no table of rates; nothing is imported."""
    require(actor, P.PRICE_MANAGE)
    code = _code(base, "base")
    _previewed(content, code)
    return RateFile.objects.create(
        filename=filename.strip()[-200:] or "rates.csv",
        base=code,
        content=content,
        created_by_name=actor.name[:200],
    )


def apply_rates(*, actor: Actor, file_id: UUID) -> RateFile:
    """Import a previewed file's new rates. Conflict when that was done or discarded before."""
    require(actor, P.PRICE_MANAGE)
    found = selectors.rate_file(file_id)
    if found.state != FileState.PREVIEW:
        raise _settled(found)
    preview = _previewed(bytes(found.content), found.base)
    added = _store(actor, preview)
    moved = RateFile.objects.filter(id=found.id, state=FileState.PREVIEW).update(
        state=FileState.APPLIED, content=b"", added=added
    )
    if not moved:
        raise _settled(found)
    _imported(actor, found.trail_ref(), preview, added)
    found.refresh_from_db()
    return found


def discard_rates(*, actor: Actor, file_id: UUID) -> RateFile:
    """Forget a previewed file."""
    require(actor, P.PRICE_MANAGE)
    found = selectors.rate_file(file_id)
    moved = RateFile.objects.filter(id=found.id, state=FileState.PREVIEW).update(
        state=FileState.DISCARDED, content=b""
    )
    if not moved:
        raise _settled(found)
    found.refresh_from_db()
    return found


def preview_rates(*, actor: Actor, content: bytes, base: str = "EUR") -> selectors.Preview:
    """What importing a file would do. Writes nothing."""
    require(actor, P.PRICE_MANAGE)
    return _previewed(content, _code(base, "base"))


def import_rates(*, actor: Actor, content: bytes, base: str = "EUR") -> selectors.Preview:
    """Import a file's new rates at once; what it did. Repeating it adds nothing."""
    require(actor, P.PRICE_MANAGE)
    preview = _previewed(content, _code(base, "base"))
    added = _store(actor, preview)
    if added:
        ref = ObjectRef("exchange_rates", require_organization_id(), f"Rates of {base.upper()}")
        _imported(actor, ref, preview, added)
    return preview


def _settled(found: RateFile) -> Conflict:
    return Conflict(f"“{found.filename}” was applied or discarded already.", code="rate_file_done")


def _previewed(content: bytes, base: str) -> selectors.Preview:
    try:
        found = selectors.preview(content, base=base)
    except ValueError as error:
        raise Invalid(
            str(error),
            field="file",
            code="not_a_rate_table",
            fix="Send a table such as eurofxref-hist.csv: Date,USD,JPY, one row a day.",
        ) from None
    return found


def _store(actor: Actor, preview: selectors.Preview) -> int:
    rows = [
        ExchangeRate(
            base=rate.base,
            quote=rate.quote,
            day=rate.day,
            rate=rate.rate,
            origin=Origin.IMPORTED.value,
            created_by_name=actor.name[:200],
        )
        for rate in sorted(preview.new, key=lambda rate: (rate.quote, rate.day))
    ]
    ExchangeRate.objects.bulk_create(rows, ignore_conflicts=True, batch_size=2_000)
    return len(rows)


def _imported(actor: Actor, ref: ObjectRef, preview: selectors.Preview, added: int) -> None:
    table = preview.table
    record(
        actor=actor,
        action=events.RATES_IMPORTED,
        obj=ref,
        after={
            "added": added,
            "same": preview.same,
            "kept": len(preview.other),
            "refused": table.refused,
            "first": str(table.first or ""),
            "last": str(table.last or ""),
        },
    )


def enter_rate(
    *, actor: Actor, base: str, quote: str, day: date, rate: Decimal, note: str = ""
) -> ExchangeRate:
    """Enter a rate by hand: one unit of `base` is `rate` units of `quote` from `day` on, until a
    later one is published. It beats an imported rate of the same day."""
    require(actor, P.PRICE_MANAGE)
    pair = (_code(base, "base"), _code(quote, "quote"))
    if pair[0] == pair[1]:
        raise Invalid("A currency has no rate to itself.", field="quote", fix="Choose another.")
    if problem := rules.rate_problem(rate):
        raise Invalid(f"The rate {problem}.", field="rate", fix="Enter a number such as 1.0823.")
    if not FIRST_DAY <= day <= clock.today():
        raise Invalid(
            "A rate is published on a day from December 2019 until today.",
            field="day",
            fix="Choose another day.",
        )
    try:
        with transaction.atomic():
            found = ExchangeRate.objects.create(
                base=pair[0],
                quote=pair[1],
                day=day,
                rate=rate,
                origin=Origin.MANUAL.value,
                note=note.strip()[:200],
                created_by_name=actor.name[:200],
            )
    except IntegrityError:
        raise Invalid(
            f"{pair[0]}/{pair[1]} has an entered rate on {day}.",
            field="day",
            code="exchange_rate_exists",
            fix="Withdraw it first.",
        ) from None
    record(actor=actor, action=events.RATE_ENTERED, obj=found, after=_snapshot(found))
    return found


def withdraw_rate(*, actor: Actor, rate_id: UUID, reason: str) -> None:
    """Take back an entered rate. Figures converted with it change; Conflict for an imported one."""
    require(actor, P.PRICE_MANAGE)
    if not reason.strip():
        raise Invalid("Say why the rate is withdrawn.", field="reason", fix="Give a reason.")
    found = selectors.exchange_rate(rate_id)
    if found.origin != Origin.MANUAL:
        raise Conflict(
            "An imported rate stays: figures of the past were converted with it.",
            code="rate_imported",
            fix="Enter a rate for the same day: it counts instead.",
        )
    deleted, _ = ExchangeRate.objects.filter(id=found.id, origin=Origin.MANUAL).delete()
    if not deleted:
        raise Conflict("The rate was withdrawn meanwhile.")
    record(
        actor=actor,
        action=events.RATE_WITHDRAWN,
        obj=found,
        before=_snapshot(found),
        reason=reason.strip(),
    )


def _snapshot(found: ExchangeRate) -> dict[str, str]:
    return {
        "pair": f"{found.base}/{found.quote}",
        "day": str(found.day),
        "rate": f"{Decimal(found.rate).normalize():f}",
        "note": found.note,
    }


def choose_reporting_currency(*, actor: Actor, currency: str) -> str:
    """Show figures in this currency beside their own; empty: in their own only."""
    require(actor, P.PRICE_MANAGE)
    code = _code(currency, "currency") if currency.strip() else ""
    ReportingCurrency.objects.bulk_create([ReportingCurrency()], ignore_conflicts=True)
    state = ReportingCurrency.objects.select_for_update().get()
    if state.currency == code:
        return code
    before = state.currency
    state.currency, state.version = code, state.version + 1
    state.save(update_fields=["currency", "version"])
    record(
        actor=actor,
        action=events.REPORTING_CHANGED,
        obj=ObjectRef("reporting_currency", UUID(str(state.id)), "Reporting currency"),
        before={"currency": before},
        after={"currency": code},
    )
    return code
