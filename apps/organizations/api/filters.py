"""Filters of the lists, declared field by field: no query is made when the module loads."""

import django_filters

from apps.organizations.api.serializers import ROLES
from apps.organizations.enums import UnitKind


class UnitFilter(django_filters.FilterSet):
    is_active = django_filters.BooleanFilter()
    kind = django_filters.ChoiceFilter(choices=UnitKind.choices)
    parent_id = django_filters.UUIDFilter()
    code = django_filters.CharFilter()


class PersonFilter(django_filters.FilterSet):
    is_active = django_filters.BooleanFilter()
    email = django_filters.CharFilter(field_name="user__email")


class InvitationFilter(django_filters.FilterSet):
    email = django_filters.CharFilter()
    role = django_filters.ChoiceFilter(choices=[(role, role) for role in ROLES])
    unit_id = django_filters.UUIDFilter()


class ApiKeyFilter(django_filters.FilterSet):
    name = django_filters.CharFilter()
    unit_id = django_filters.UUIDFilter()
