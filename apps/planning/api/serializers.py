"""Planning as JSON. Money is over the whole cycle."""

from datetime import date

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.common.api.fields import MoneyField
from apps.planning.enums import CycleKind, CycleStatus
from apps.planning.models import PlanningCycle, PlanningRound
from apps.planning.rules import last_day


class CycleSerializer(serializers.ModelSerializer):
    """A planning cycle. `ends_on` is its last day; `version` is what a new round or the lock must
    state. `round_number` is the round that takes numbers.
    """

    kind = serializers.ChoiceField(CycleKind.choices(), read_only=True)
    status = serializers.ChoiceField(CycleStatus.choices(), read_only=True)
    requests_until = serializers.DateField(
        source="closes_on", read_only=True, help_text="The last day teams are asked for requests"
    )
    ends_on = serializers.SerializerMethodField()

    class Meta:
        model = PlanningCycle
        fields = (
            "id",
            "name",
            "kind",
            "starts_on",
            "ends_on",
            "requests_until",
            "currency",
            "status",
            "round_number",
            "version",
            "opened_by_name",
            "created_at",
            "locked_at",
            "locked_by_name",
            "lock_note",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.DateField())
    def get_ends_on(self, cycle: PlanningCycle) -> date:
        return last_day(cycle.ends_on)


class OpenCycleSerializer(serializers.Serializer):
    """`starts_on` is the first of a month; `unit_ids` are the teams that plan."""

    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(CycleKind.choices())
    starts_on = serializers.DateField()
    unit_ids = serializers.ListField(child=serializers.UUIDField(), max_length=1000)
    requests_until = serializers.DateField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Leads are reminded a week before; null: the day before the cycle begins",
    )


class RoundSerializer(serializers.ModelSerializer):
    """A scenario. `copied_from` is the number of the round it started from."""

    class Meta:
        model = PlanningRound
        fields = ("number", "name", "note", "copied_from", "started_by_name", "created_at")
        read_only_fields = fields


class StartRoundSerializer(serializers.Serializer):
    """`copy_from`: the round whose numbers it starts from, by default the newest."""

    version = serializers.IntegerField()
    name = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
    copy_from = serializers.IntegerField(required=False, allow_null=True, default=None)


class LockSerializer(serializers.Serializer):
    version = serializers.IntegerField()
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")


class ForeignStorySerializer(serializers.Serializer):
    """A story in another currency than the cycle's: its P50 in the cycle's months, and what that is
    in the cycle's at one rate. Without a published rate it is in no sum, and `reason` says so."""

    ref = serializers.CharField(source="story.ref")
    planned = MoneyField(source="own_nanos")
    converted_nanos = serializers.IntegerField(
        source="nanos", allow_null=True, help_text="In the cycle's currency"
    )
    rate = serializers.DecimalField(max_digits=24, decimal_places=6, allow_null=True)
    rate_day = serializers.DateField(allow_null=True, help_text="When it was published")
    reason = serializers.CharField()


class EnvelopeStateSerializer(serializers.Serializer):
    """One team in one round, and how that stands. Null is not said, not known or not begun."""

    id = serializers.UUIDField(source="envelope.id")
    unit_id = serializers.UUIDField(source="envelope.unit_id")
    unit_name = serializers.CharField(source="envelope.unit.name")
    version = serializers.IntegerField(source="envelope.version")
    suggested = MoneyField(allow_null=True, help_text="P50 of its stories' estimates")
    converted = ForeignStorySerializer(many=True)
    left_out = ForeignStorySerializer(many=True)
    requested = MoneyField(allow_null=True)
    requested_note = serializers.CharField(source="envelope.requested_note")
    allocated = MoneyField(allow_null=True)
    allocated_note = serializers.CharField(source="envelope.allocated_note")
    changed = MoneyField(help_text="By budget requests approved since the lock")
    current = MoneyField(allow_null=True, help_text="Allocated and changed")
    opened = MoneyField(allow_null=True, help_text="Limits of its topmost budgets in the cycle")
    budgets_without_limit = serializers.IntegerField(source="unlimited")
    spent = MoneyField(allow_null=True, help_text="Known cost so far; null before the cycle")
    left = MoneyField(allow_null=True)


class AddEnvelopeSerializer(serializers.Serializer):
    unit_id = serializers.UUIDField()


class AmountSerializer(serializers.Serializer):
    """An amount over the whole cycle; 0 is nothing. `version` is the envelope's."""

    version = serializers.IntegerField()
    amount = MoneyField()
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")
