"""Words of asks."""

from apps.common.choices import Choice


class AskKind(Choice):
    """What is asked for. The first three change a budget."""

    INCREASE = "increase", "More for one period"
    AMOUNT = "amount", "Another amount from a day"
    TRANSFER = "transfer", "Money from another budget"
    EXCEPTION = "exception", "An exception from a rule"
    ENTITLEMENT = "entitlement", "Premium models or long context"


BUDGET_KINDS = (AskKind.INCREASE, AskKind.AMOUNT, AskKind.TRANSFER)


class Rule(Choice):
    """What an exception is from."""

    MODEL = "model", "A model outside the standard"
    DATA = "data", "Data that may not reach a model"
    GUARDRAIL = "guardrail", "A guardrail of a budget"
    DESIGN = "design", "The design review before a story is submitted"
    GO_LIVE = "go_live", "Guardrails before production"
    NO_STORY = "no_story", "Use without an approved story"
    FINDING = "finding", "An open audit finding"
    OTHER = "other", "Another rule"


class AskStatus(Choice):
    ASKED = "asked", "Waiting for a decision"
    APPROVED = "approved", "Approved"
    SENT_BACK = "sent_back", "Sent back"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
