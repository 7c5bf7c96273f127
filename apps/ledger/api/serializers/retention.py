"""How long raw records are kept."""

from rest_framework import serializers


class MonthKeptSerializer(serializers.Serializer):
    """A month of raw records under a retention."""

    month = serializers.CharField(source="key")
    status = serializers.CharField(help_text="open, settling or closed")
    state = serializers.CharField(help_text="kept, due, held (not closed), going or gone")
    records = serializers.IntegerField()
    pruned_records = serializers.IntegerField()
    pruned_at = serializers.DateTimeField(allow_null=True)


class RetentionSerializer(serializers.Serializer):
    """How many months of raw records are kept; null keeps all. Rollups always stay."""

    months = serializers.IntegerField(allow_null=True)
    version = serializers.IntegerField()


class RetentionAnswerSerializer(RetentionSerializer):
    """The setting in force and every month, as `?months=` would treat it when given."""

    results = MonthKeptSerializer(many=True)


class KeepSerializer(serializers.Serializer):
    months = serializers.IntegerField(required=False, min_value=1, max_value=1200)
