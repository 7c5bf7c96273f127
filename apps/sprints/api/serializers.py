"""Sprints as JSON. `ends_on` is the last day."""

from datetime import date, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.sprints.models import Sprint
from apps.sprints.rules import MOST_SPRINTS, Dates


class SprintSerializer(serializers.ModelSerializer):
    """One iteration of a team and those below it."""

    unit_id = serializers.UUIDField(read_only=True)
    ends_on = serializers.SerializerMethodField()

    class Meta:
        model = Sprint
        fields = ("id", "unit_id", "name", "starts_on", "ends_on", "goal", "version")
        read_only_fields = fields

    @extend_schema_field(serializers.DateField())
    def get_ends_on(self, sprint: Sprint) -> date:
        return sprint.ends_on - timedelta(days=1)


class DatesSerializer(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    goal = serializers.CharField(max_length=400, required=False, allow_blank=True, default="")


class AddedSprintsSerializer(serializers.Serializer):
    """The sprints that were added."""

    results = SprintSerializer(many=True)


class AddSprintsSerializer(serializers.Serializer):
    """All of them are added, or none."""

    unit_id = serializers.UUIDField()
    sprints = serializers.ListField(child=DatesSerializer(), max_length=MOST_SPRINTS)

    def wanted(self) -> list[Dates]:
        return [dates_of(row) for row in self.validated_data["sprints"]]


class ChangeSprintSerializer(DatesSerializer):
    version = serializers.IntegerField()


def dates_of(row: dict[str, Any]) -> Dates:
    return Dates(row["name"], row["starts_on"], row["ends_on"] + timedelta(days=1), row["goal"])


class AmountSerializer(serializers.Serializer):
    """Tokens, and money in nanos of the organization's currency."""

    tokens = serializers.IntegerField()
    nanos = serializers.IntegerField()


class PhaseSerializer(serializers.Serializer):
    phase = serializers.CharField()
    forecast = AmountSerializer()
    expected = AmountSerializer()
    used = AmountSerializer(allow_null=True)


class DriversSerializer(serializers.Serializer):
    """What moved production's cost, in nanos; the parts sum to the difference."""

    volume = serializers.IntegerField()
    tokens_per_request = serializers.IntegerField()
    model_mix = serializers.IntegerField()
    caching = serializers.IntegerField()
    unit_price = serializers.IntegerField()


class LineSerializer(serializers.Serializer):
    """A story in the sprint. `expected` is the forecast of the complete days."""

    story_id = serializers.UUIDField(source="story.id")
    ref = serializers.CharField(source="story.ref")
    title = serializers.CharField(source="story.title")
    by_hand = serializers.BooleanField()
    forecast = AmountSerializer()
    expected = AmountSerializer()
    used = AmountSerializer(allow_null=True)
    difference = AmountSerializer(allow_null=True)
    phases = PhaseSerializer(many=True)
    drivers = DriversSerializer(allow_null=True)


class SprintDetailSerializer(serializers.Serializer):
    """A sprint with its stories. `through` is the day after the last complete day."""

    sprint = SprintSerializer()
    through = serializers.DateField()
    forecast = AmountSerializer()
    expected = AmountSerializer()
    used = AmountSerializer(allow_null=True)
    difference = AmountSerializer(allow_null=True)
    stories = LineSerializer(many=True, source="lines")
    taken_out = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_taken_out(self, found: Any) -> list[str]:
        return [story.ref for story in found.taken_out]


class ChooseSerializer(serializers.Serializer):
    """True puts the story in, false takes it out, null lets its dates decide."""

    is_in = serializers.BooleanField(allow_null=True)


class RetroSerializer(serializers.Serializer):
    markdown = serializers.CharField()


class VersionSerializer(serializers.Serializer):
    """Of the query string: the version that was seen."""

    version = serializers.IntegerField()
