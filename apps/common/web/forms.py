"""Form pages: GET shows, POST does, errors answer 422 on the same page with what was typed."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import transaction
from django.forms import BaseForm, Form
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views import View

from apps.common.errors import DomainError, Invalid


def render_form(
    request: HttpRequest, template: str, form: BaseForm, context: dict[str, Any] | None = None
) -> HttpResponse:
    """The page with its form: 422 when the form holds errors, else 200."""
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {"form": form, **(context or {})}, status=status)


def add_errors(form: BaseForm, error: DomainError, names: Mapping[str, str] | None = None) -> None:
    """A service's refusal on the fields it names; what names no field goes to the top. `names`
    are the form's own names for fields of the service.
    """
    placed = False
    for item in error.errors:
        text = f"{item.message} {item.fix}".strip()
        field = (names or {}).get(item.field, item.field)
        if field in form.fields:
            form.add_error(field, text)
        else:
            form.add_error(None, text)
        placed = True
    if not placed:
        form.add_error(None, f"{error.message} {error.fix}".strip())


class FormPage(View):
    """One form. Subclass: `form_class`, `title`, `submit_label`, `save(form) -> url or response`.

    `save` runs in a savepoint: an Invalid it raises undoes its writes and comes back as 422 on the
    form. Other refusals (403, 409) keep their own page.
    """

    template_name: ClassVar[str] = "form.html"
    form_class: ClassVar[type[BaseForm]] = Form
    title: ClassVar[str] = ""
    lede: ClassVar[str] = ""
    submit_label: ClassVar[str] = "Save"
    field_names: ClassVar[Mapping[str, str]] = {}
    """The form's names for fields that a service names otherwise."""

    def get_title(self) -> str:
        return self.title

    def get_lede(self) -> str:
        return self.lede

    def get_crumbs(self) -> list[tuple[str, str]]:
        return []

    def cancel_url(self) -> str:
        return ""

    def form_kwargs(self) -> dict[str, Any]:
        return {}

    def get_initial(self) -> dict[str, Any]:
        return {}

    def build_form(self, *args: Any) -> BaseForm:
        kwargs = self.form_kwargs()
        if not args:
            kwargs.setdefault("initial", self.get_initial())
        return self.form_class(*args, **kwargs)

    def save(self, form: Any) -> str | HttpResponseBase:
        """Do it and say where to go."""
        raise NotImplementedError

    def extra_context(self, form: BaseForm) -> dict[str, Any]:
        return {}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self._render(self.build_form())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = self.build_form(request.POST, request.FILES)
        if not form.is_valid():
            return self._render(form)
        try:
            with transaction.atomic():
                done = self.save(form)
        except Invalid as error:
            add_errors(form, error, self.field_names)
            return self._render(form)
        return redirect(done) if isinstance(done, str) else done

    def _render(self, form: BaseForm) -> HttpResponse:
        context = {
            "title": self.get_title(),
            "lede": self.get_lede(),
            "crumbs": self.get_crumbs(),
            "submit_label": self.submit_label,
            "cancel_url": self.cancel_url(),
            **self.extra_context(form),
        }
        return render_form(self.request, self.template_name, form, context)


class ConfirmPage(FormPage):
    """Asks before it does. GET says what will happen; the button names the act."""

    template_name: ClassVar[str] = "confirm.html"
    message: ClassVar[str] = ""
    danger: ClassVar[bool] = False

    def get_message(self) -> str:
        return self.message

    def extra_context(self, form: BaseForm) -> dict[str, Any]:
        return {"message": self.get_message(), "danger": self.danger}
