"""Examples of the webhook endpoints (`apps.common.api.examples`)."""

from apps.common.api.examples import request_example

NEW = request_example(
    "Add a webhook", "Stories and decisions",
    {
        "name": "Delivery board",
        "form": "signed",
        "address": "https://hooks.example.com/tokenops",
        "actions": ["story.*", "approval.*"],
    },
)  # fmt: skip
CHANGE = request_example(
    "Change what is sent", "The address stays",
    {"version": 1, "name": "Delivery board", "actions": ["story.approved", "story.superseded"]},
)  # fmt: skip
PAUSE = request_example("Pause", "Say why", {"version": 1, "reason": "Moving house."})
VERSION = request_example("The version that was read", "Another one answers 409", {"version": 1})
