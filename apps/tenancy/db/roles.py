"""Names of the database roles (docs/tenancy.md says what each may do)."""

OWNER = "tokenops_owner"
APP = "tokenops_app"
DOORS = "tokenops_doors"
