from datetime import date

from django.db import migrations

from apps.common.periods import Month
from apps.tenancy.db import roles
from apps.tenancy.db.operations import SecurityDefinerFunction, partition_sql

FIRST, MONTHS = Month(2025, 1), 36

ENSURE = """
DECLARE
  lower_bound date := make_date(extract(year FROM month)::int, extract(month FROM month)::int, 1);
  upper_bound date := (lower_bound + interval '1 month')::date;
  name text := 'usage_record_' || to_char(lower_bound, 'YYYYMM');
BEGIN
  IF month < DATE '2020-01-01' OR month >= DATE '2100-01-01' THEN
    RAISE EXCEPTION 'no partition for %: usage is recorded from 2020 to 2099', month
      USING ERRCODE = 'check_violation';
  END IF;
  IF to_regclass('public.' || name) IS NOT NULL THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('ledger_ensure_partition', 0));
  IF to_regclass('public.' || name) IS NOT NULL THEN RETURN; END IF;
  EXECUTE format(
    'CREATE TABLE public.%I PARTITION OF public.usage_record FOR VALUES FROM (%L) TO (%L)',
    name, lower_bound::text || ' 00:00:00+00', upper_bound::text || ' 00:00:00+00');
  EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
  EXECUTE format('ALTER TABLE public.%I FORCE ROW LEVEL SECURITY', name);
  EXECUTE format('REVOKE ALL ON public.%I FROM tokenops_app', name);
END
"""


def _bound(day: date) -> str:
    return f"{day} 00:00:00+00"


def _partitions() -> str:
    months = [FIRST.shift(number) for number in range(MONTHS)]
    return ";\n".join(
        partition_sql(
            "usage_record",
            f"usage_record_{month.start:%Y%m}",
            _bound(month.start),
            _bound(month.end),
        )
        for month in months
    )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        SecurityDefinerFunction(
            "ledger_ensure_partition(month date)",
            "void",
            ENSURE,
            language="plpgsql",
            volatility="VOLATILE",
            owner=roles.OWNER,
        ),
        migrations.RunSQL(_partitions(), migrations.RunSQL.noop),
        migrations.RunSQL(
            # Cells are updated in place all day: room for heap-only updates, early clean-up.
            "ALTER TABLE rollup_axis SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);\n"
            "ALTER TABLE rollup_fine SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);\n"
            # Payloads arrive compressed or are read once: no time spent compressing them.
            "ALTER TABLE ingest_batch ALTER COLUMN payload SET STORAGE EXTERNAL",
            migrations.RunSQL.noop,
        ),
    ]
