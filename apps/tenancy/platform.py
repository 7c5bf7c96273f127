"""Tables that belong to no organization: what they are and what the app role may do with them.

Granted after every `migrate`. A table that is neither here nor a tenant table fails the catalogue
test. Add a row only for data that no customer could call theirs.
"""

from dataclasses import dataclass

READ = ("SELECT",)
WRITE = ("SELECT", "INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True, slots=True)
class PlatformTable:
    """A global table, its grants for the app role and the reason why it is global."""

    name: str
    grants: tuple[str, ...]
    reason: str


PLATFORM_TABLES = (
    PlatformTable("django_migrations", READ, "which migrations ran; readiness reads it"),
    PlatformTable("django_content_type", READ, "Django's model names"),
    PlatformTable("auth_permission", READ, "Django's own permissions, unused by the portal"),
    PlatformTable("auth_group", READ, "Django's own groups, unused by the portal"),
    PlatformTable("auth_group_permissions", READ, "as above"),
    PlatformTable("django_session", WRITE, "login sessions, before an organization is chosen"),
    PlatformTable("accounts_user", WRITE, "a person may belong to several organizations"),
    PlatformTable("account_emailaddress", WRITE, "allauth: addresses of a person"),
    PlatformTable("account_emailconfirmation", WRITE, "allauth: pending confirmations"),
    PlatformTable("mfa_authenticator", WRITE, "allauth: second factors of a person"),
    PlatformTable("pricing_provider", READ, "public price catalogue"),
    PlatformTable("pricing_aimodel", READ, "public price catalogue"),
    PlatformTable("pricing_listprice", READ, "public price catalogue"),
    PlatformTable("pricing_pricebookversion", READ, "public price catalogue"),
)


def grant_sql(table: PlatformTable, role: str) -> str:
    return (
        f'REVOKE ALL ON "{table.name}" FROM {role};\n'
        f'GRANT {", ".join(table.grants)} ON "{table.name}" TO {role}'
    )
