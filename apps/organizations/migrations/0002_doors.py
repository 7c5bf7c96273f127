"""The reads across organizations: who may enter where. Python wrappers: apps/tenancy/doors.py."""

from django.db import migrations

from apps.tenancy.db.operations import SecurityDefinerFunction


class Migration(migrations.Migration):
    dependencies = [("organizations", "0001_initial"), ("accounts", "0001_initial")]

    operations = [
        SecurityDefinerFunction(
            "org_for_member(wanted text, person uuid)",
            "uuid",
            """
            SELECT o.id FROM organizations_organization o
            WHERE o.slug = wanted AND o.is_active AND (
              EXISTS (SELECT FROM organizations_membership m WHERE m.organization_id = o.id
                      AND m.user_id = person AND m.is_active)
              OR EXISTS (SELECT FROM organizations_supportvisit v WHERE v.organization_id = o.id
                      AND v.user_id = person AND v.ended_at IS NULL AND v.expires_at > now()))
            """,
            reads=(
                "organizations_organization",
                "organizations_membership",
                "organizations_supportvisit",
            ),
        ),
        SecurityDefinerFunction(
            "memberships_of(person uuid)",
            "TABLE (organization_id uuid, slug text, name text)",
            """
            SELECT o.id, o.slug::text, o.name::text FROM organizations_membership m
            JOIN organizations_organization o ON o.id = m.organization_id
            WHERE m.user_id = person AND m.is_active AND o.is_active
            """,
        ),
        SecurityDefinerFunction(
            "org_for_api_key(wanted text)",
            "uuid",
            """
            SELECT o.id FROM organizations_apikey k
            JOIN organizations_organization o ON o.id = k.organization_id
            WHERE k.key_hash = wanted AND k.revoked_at IS NULL AND k.expires_at > now() AND o.is_active
            """,
            reads=("organizations_apikey",),
        ),
        SecurityDefinerFunction(
            "org_for_invitation(wanted text)",
            "uuid",
            """
            SELECT o.id FROM organizations_invitation i
            JOIN organizations_organization o ON o.id = i.organization_id
            WHERE i.token_hash = wanted AND i.accepted_at IS NULL AND i.revoked_at IS NULL
              AND i.expires_at > now() AND o.is_active
            """,
            reads=("organizations_invitation",),
        ),
        SecurityDefinerFunction(
            "any_organization()",
            "boolean",
            "SELECT EXISTS (SELECT FROM organizations_organization)",
        ),
        SecurityDefinerFunction(
            "active_organizations()",
            "SETOF uuid",
            "SELECT id FROM organizations_organization WHERE is_active ORDER BY id",
        ),
        SecurityDefinerFunction(
            "org_for_support(wanted text)",
            "uuid",
            "SELECT id FROM organizations_organization WHERE slug = wanted AND is_active",
        ),
    ]
