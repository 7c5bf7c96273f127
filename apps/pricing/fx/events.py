"""What the trail learns about exchange rates."""

from apps.trail.registry import register

RATES_IMPORTED = register("fx.rates_imported", "Exchange rates imported")
RATE_ENTERED = register("fx.rate_entered", "Exchange rate entered")
RATE_WITHDRAWN = register("fx.rate_withdrawn", "Exchange rate withdrawn")
REPORTING_CHANGED = register("fx.reporting_changed", "Reporting currency changed")
