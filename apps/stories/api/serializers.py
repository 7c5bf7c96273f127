"""Stories, revisions and estimates as the API shows and takes them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.common.api.fields import MoneyField, money
from apps.portfolio.enums import CapabilityKind
from apps.stories.api.schema import ASSUMPTIONS
from apps.stories.design import MAX_NOTES, MAX_REASON, Answer, Design, Reply, load_design
from apps.stories.enums import Confidence, Pattern, ValuePer
from apps.stories.models import PhaseEstimate, StoryDraft, StoryRevision, TokenStory
from apps.stories.selectors.estimating import fill_size, parse_assumptions
from apps.stories.selectors.settings import settings_in_force
from apps.stories.services.plan import PlanInput


@extend_schema_field(ASSUMPTIONS)
class AssumptionsField(serializers.JSONField):
    """The estimator's document, decoded and checked for shape."""

    def to_internal_value(self, data: Any) -> Any:
        return fill_size(parse_assumptions(data), settings_in_force().sizes)

    def to_representation(self, value: Any) -> Any:
        return value


class ValueSerializer(serializers.Serializer[Any]):
    """The value hypothesis: what changes, by how much, and what one unit of it is worth."""

    metric = serializers.CharField(max_length=120, allow_blank=True, default="")
    unit = serializers.CharField(max_length=60, allow_blank=True, default="")
    baseline = serializers.DecimalField(20, 4, allow_null=True, default=None)
    expected_change = serializers.DecimalField(20, 4, allow_null=True, default=None)
    per = serializers.ChoiceField(ValuePer.choices(), default=ValuePer.INTERACTION.value)
    adoption = serializers.DecimalField(7, 4, min_value=0, max_value=100, default=Decimal(100))
    money_per_unit = MoneyField(allow_null=True, default=None)
    confidence = serializers.ChoiceField(
        [("", ""), *Confidence.choices()], allow_blank=True, default=""
    )
    measure_on = serializers.DateField(allow_null=True, default=None)
    evidence_url = serializers.CharField(max_length=500, allow_blank=True, default="")
    owner = serializers.UUIDField(allow_null=True, default=None, help_text="Membership id.")
    why = serializers.CharField(max_length=4000, allow_blank=True, default="")


class AnswerSerializer(serializers.Serializer[Any]):
    """One answer of the design review; `na` needs a reason. The question is copied."""

    key = serializers.CharField(max_length=40)
    answer = serializers.ChoiceField([("", ""), *Reply.choices()], allow_blank=True, default="")
    reason = serializers.CharField(max_length=MAX_REASON, allow_blank=True, default="")
    text = serializers.CharField(read_only=True)
    area = serializers.CharField(read_only=True)
    weight = serializers.IntegerField(read_only=True)


class DesignSerializer(serializers.Serializer[Any]):
    """The design review. `score` is 0 to 100, null while nothing is answered or applies."""

    notes = serializers.CharField(max_length=MAX_NOTES, allow_blank=True, default="")
    answers = AnswerSerializer(many=True, default=list)
    score = serializers.IntegerField(read_only=True, allow_null=True)
    is_reviewed = serializers.BooleanField(read_only=True)


class PlanSerializer(serializers.Serializer[Any]):
    """What to file. With a capability, team and category are the capability's."""

    title = serializers.CharField(max_length=160)
    unit = serializers.UUIDField()
    capability = serializers.UUIDField(allow_null=True, default=None)
    kind = serializers.ChoiceField(CapabilityKind.choices, default=CapabilityKind.PRODUCTION.value)
    pattern = serializers.ChoiceField(
        [("", ""), *Pattern.choices()],
        allow_blank=True,
        default="",
        help_text="How it uses models: decides the reference band.",
    )
    summary = serializers.CharField(max_length=2000, allow_blank=True, default="")
    work_item_url = serializers.CharField(max_length=500, allow_blank=True, default="")
    monthly_cap = MoneyField(allow_null=True, default=None)
    value = ValueSerializer(default=dict)
    design = DesignSerializer(default=dict)
    assumptions = AssumptionsField()

    def plan(self, base: Mapping[str, Any] | None = None) -> PlanInput:
        """The input of services."""
        data = self.validated_data
        value = {**{n: f.default for n, f in ValueSerializer().fields.items()}, **data["value"]}
        return PlanInput(
            title=data["title"],
            unit_id=data["unit"],
            capability_id=data["capability"],
            kind=data["kind"],
            pattern=data["pattern"],
            summary=data["summary"],
            work_item_url=data["work_item_url"],
            cap_nanos=data["monthly_cap"],
            assumptions=data["assumptions"],
            value_metric=value["metric"],
            value_unit=value["unit"],
            value_baseline=value["baseline"],
            value_change=value["expected_change"],
            value_per=value["per"],
            value_adoption=value["adoption"],
            value_money_nanos=value["money_per_unit"],
            value_confidence=value["confidence"],
            value_measure_on=value["measure_on"],
            value_evidence_url=value["evidence_url"],
            value_owner_id=value["owner"],
            value_why=value["why"],
            design=Design(
                data["design"].get("notes", ""),
                tuple(Answer(**each) for each in data["design"].get("answers", ())),
            ),
        )


class ChangeSerializer(PlanSerializer):
    """Some of a plan's fields, and the version they were read at."""

    version = serializers.IntegerField()


class VersionSerializer(serializers.Serializer[Any]):
    """The version the caller read; another one answers 409."""

    version = serializers.IntegerField()
    note = serializers.CharField(max_length=2000, allow_blank=True, default="")


class StorySerializer(serializers.ModelSerializer[TokenStory]):
    """A story with the figures of its latest version. `monthly_cap` is the cap asked for."""

    currency = serializers.CharField(read_only=True)
    monthly_cap = MoneyField(source="cap_nanos", read_only=True, allow_null=True)
    approved_cap = MoneyField(source="approved_cap_nanos", read_only=True, allow_null=True)
    month_cost = MoneyField(source="month_cost_nanos", read_only=True, allow_null=True)
    unit = serializers.UUIDField(source="unit_id", read_only=True)
    capability = serializers.UUIDField(source="capability_id", read_only=True, allow_null=True)
    replaces = serializers.CharField(
        source="replaces.ref",
        read_only=True,
        allow_null=True,
        default=None,
        help_text="Reference of the story that ends when this one is approved.",
    )

    class Meta:
        model = TokenStory
        fields = (
            "id",
            "ref",
            "title",
            "kind",
            "pattern",
            "tier",
            "unit",
            "capability",
            "status",
            "resume_status",
            "version",
            "revision_number",
            "currency",
            "monthly_cap",
            "approved_cap",
            "month_cost",
            "month_tokens",
            "live_on",
            "author_name",
            "request_id",
            "budget_id",
            "replaces",
            "created_at",
            "updated_at",
            "submitted_at",
            "approved_at",
            "went_live_at",
            "closed_at",
        )


class PlanFieldsSerializer(serializers.Serializer[Any]):
    """The stored plan of a draft or a revision."""

    title = serializers.CharField()
    summary = serializers.CharField()
    kind = serializers.CharField()
    pattern = serializers.CharField()
    unit = serializers.UUIDField(source="unit_id")
    capability = serializers.UUIDField(source="capability_id", allow_null=True)
    work_item_url = serializers.CharField()
    monthly_cap = MoneyField(source="cap_nanos", read_only=True, allow_null=True)
    value = serializers.SerializerMethodField(method_name="shown_value")
    design = serializers.SerializerMethodField(method_name="shown_design")
    assumptions = AssumptionsField(read_only=True)

    @extend_schema_field(DesignSerializer)
    def shown_design(self, row: StoryDraft | StoryRevision) -> Any:
        return DesignSerializer(load_design(row.design)).data

    def shown_value(self, row: StoryDraft | StoryRevision) -> dict[str, Any]:
        return {
            "metric": row.value_metric,
            "unit": row.value_unit,
            "baseline": _text(row.value_baseline),
            "expected_change": _text(row.value_change),
            "per": row.value_per,
            "adoption": _text(row.value_adoption),
            "money_per_unit": money(row.value_money_nanos, row.currency),
            "confidence": row.value_confidence,
            "measure_on": row.value_measure_on,
            "evidence_url": row.value_evidence_url,
            "owner": row.value_owner_id,
            "why": row.value_why,
        }


class DraftSerializer(PlanFieldsSerializer):
    """The working copy."""

    saved_at = serializers.DateTimeField()
    saved_by_name = serializers.CharField()


class PhaseEstimateSerializer(serializers.ModelSerializer[PhaseEstimate]):
    """One phase in one month; costs in nanos of the story's currency."""

    class Meta:
        model = PhaseEstimate
        fields = (
            "phase",
            "month_offset",
            "month",
            "tokens_likely",
            "tokens_p10",
            "tokens_p50",
            "tokens_p90",
            "cost_likely",
            "cost_p10",
            "cost_p50",
            "cost_p90",
        )


class RevisionSerializer(PlanFieldsSerializer):
    """A frozen version with its estimate and the prices it was computed from."""

    number = serializers.IntegerField()
    note = serializers.CharField()
    submitted_at = serializers.DateTimeField()
    submitted_by_name = serializers.CharField()
    price_version = serializers.CharField()
    priced_on = serializers.DateField()
    currency = serializers.CharField()
    value_month = MoneyField(source="value_month_nanos", read_only=True, allow_null=True)
    tier = serializers.CharField(help_text="Consumption tier when it was submitted.")
    estimate = serializers.JSONField()
    months = serializers.SerializerMethodField()

    @extend_schema_field(PhaseEstimateSerializer(many=True))
    def get_months(self, row: StoryRevision) -> Any:
        cells = row.cells.order_by("month_offset", "phase")
        return PhaseEstimateSerializer(cells, many=True).data


class StoryDetailSerializer(StorySerializer):
    """A story with its working copy and its frozen versions."""

    draft = serializers.SerializerMethodField()
    revisions = serializers.SerializerMethodField()

    class Meta(StorySerializer.Meta):
        fields = (*StorySerializer.Meta.fields, "draft", "revisions")  # type: ignore[assignment]

    @extend_schema_field(DraftSerializer(allow_null=True))
    def get_draft(self, story: TokenStory) -> Any:
        from apps.stories.selectors.stories import draft_of

        draft = draft_of(story)
        return DraftSerializer(draft).data if draft else None

    @extend_schema_field(RevisionSerializer(many=True))
    def get_revisions(self, story: TokenStory) -> Any:
        from apps.stories.selectors.stories import revisions

        return RevisionSerializer(revisions(story), many=True).data


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"
