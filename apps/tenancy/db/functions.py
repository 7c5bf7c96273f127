"""SQL functions of the tenancy layer."""

from django.db.models import Func, UUIDField


class CurrentOrg(Func):
    """The organization of the open scope, or NULL: the column default of every tenant table."""

    template = "tenancy.current_org()"
    allowed_default = True
    arity = 0

    def __init__(self) -> None:
        super().__init__(output_field=UUIDField())

    def deconstruct(self) -> tuple[str, tuple[()], dict[str, object]]:
        return "apps.tenancy.db.functions.CurrentOrg", (), {}


CURRENT_ORG_SQL = """
CREATE SCHEMA IF NOT EXISTS tenancy;
CREATE OR REPLACE FUNCTION tenancy.current_org() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('app.organization_id', true), '')::uuid $$;
CREATE OR REPLACE FUNCTION tenancy.refuse_change() RETURNS trigger
  LANGUAGE plpgsql
  AS $$ BEGIN
    RAISE EXCEPTION 'table % is append-only: % is refused', TG_TABLE_NAME, TG_OP
      USING ERRCODE = 'insufficient_privilege';
  END $$;
GRANT USAGE ON SCHEMA tenancy TO tokenops_app, tokenops_doors;
"""
