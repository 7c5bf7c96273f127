"""What is said about a story, its files and work items."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views import View
from django.views.decorators.http import require_POST

from apps.access.permissions import P
from apps.access.services import can
from apps.access.web import actor_of, requires
from apps.common.errors import Invalid
from apps.common.web.forms import add_errors
from apps.discussions import selectors, services, web
from apps.discussions.rules import KINDS, MOST_TEXT
from apps.stories.models import TokenStory
from apps.stories.selectors.stories import story_by_ref
from apps.stories.services.discussion import subject_of
from apps.stories.web import access
from apps.tenancy.urls import org_url


class CommentForm(forms.Form):
    text = forms.CharField(
        label="Comment",
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="@ and a name tells that person.",
    )
    tell = forms.MultipleChoiceField(
        label="Tell also", required=False, widget=forms.SelectMultiple(attrs={"size": 4})
    )

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tell"].choices = people


class FileForm(forms.Form):
    file = forms.FileField(
        label="File", help_text=f"At most 10 MiB. {', '.join(sorted(KINDS)).capitalize()}."
    )


class ItemForm(forms.Form):
    url = forms.CharField(
        label="Address", max_length=500, help_text="Of an issue, ticket or merge request."
    )
    label = forms.CharField(
        label="Name", max_length=200, required=False, help_text="Empty: taken from the address."
    )


def _page(
    request: HttpRequest, story: TokenStory, forms_: dict[str, Any] | None = None
) -> HttpResponse:
    actor = actor_of(request)
    shown = {
        "comment": CommentForm(people=access.people_choices(actor)),
        "file": FileForm(),
        "item": ItemForm(),
        **(forms_ or {}),
    }
    context = {
        "title": f"Discussion of {story.ref}",
        "crumbs": [
            ("Token Stories", org_url(request, "stories:list")),
            (story.ref, org_url(request, "stories:detail", story.ref)),
            ("Discussion", ""),
        ],
        "story": story,
        "talk": selectors.discussion("story", story.id),
        "forms": shown,
        "me": actor.membership_id,
        "may_speak": can(actor, P.COMMENT_WRITE, unit_id=story.unit_id, owner_id=story.author_id),
        "may_manage": can(actor, P.STORY_WRITE, unit_id=story.unit_id),
        "zone": request.organization.timezone,
    }
    status = 422 if forms_ else 200
    return render(request, "stories/discussion.html", context, status=status)


@requires(P.STORY_VIEW)
class Discussion(View):
    """The page; each form has its own button, named by `do`."""

    def get(self, request: HttpRequest, ref: str) -> HttpResponse:
        return _page(request, story_by_ref(actor_of(request), ref))

    def post(self, request: HttpRequest, ref: str) -> HttpResponse:
        actor = actor_of(request)
        story = story_by_ref(actor, ref)
        what = request.POST.get("do", "comment")
        form: Any
        if what == "file":
            form = FileForm(request.POST, request.FILES)
        elif what == "item":
            form = ItemForm(request.POST)
        else:
            what = "comment"
            form = CommentForm(request.POST, people=access.people_choices(actor))
        if not form.is_valid():
            return _page(request, story, {what: form})
        subject, data = subject_of(story), form.cleaned_data
        try:
            if what == "file":
                upload = data["file"]
                services.attach(actor=actor, subject=subject, name=upload.name, data=upload.read())
            elif what == "item":
                services.link(actor=actor, subject=subject, **data)
            else:
                tell = [UUID(value) for value in data["tell"]]
                services.comment(actor=actor, subject=subject, text=data["text"], tell=tell)
        except Invalid as error:
            add_errors(form, error)
            return _page(request, story, {what: form})
        return redirect(org_url(request, "stories:discussion", story.ref))


@requires(P.STORY_VIEW)
def download(request: HttpRequest, ref: str, attachment_id: UUID) -> HttpResponse:
    """A file, as a download."""
    story = story_by_ref(actor_of(request), ref)
    return web.download(selectors.file_of("story", story.id, attachment_id))


@requires(P.STORY_VIEW)
@require_POST
def remove(request: HttpRequest, ref: str) -> HttpResponse:
    """Take back a comment, erase a file or unlink a work item: `comment`, `file` or `item`."""
    actor = actor_of(request)
    story = story_by_ref(actor, ref)
    subject = subject_of(story)
    acts = {
        "comment": lambda i: services.take_back(actor=actor, subject=subject, comment_id=i),
        "file": lambda i: services.remove_file(actor=actor, subject=subject, attachment_id=i),
        "item": lambda i: services.unlink(actor=actor, subject=subject, item_id=i),
    }
    for name, act in acts.items():
        if name in request.POST:
            act(_uuid(request.POST[name]))
    return redirect(org_url(request, "stories:discussion", story.ref))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("This is no id.", fix="Use the buttons of the page.") from None
