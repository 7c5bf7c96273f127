"""A browser without script: it follows links and sends the forms that a page really holds.

A test that fills these forms proves that the page works as links and forms: a field that is not in
the page cannot be filled, a button that is not there cannot be pressed.
"""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from django.test import Client

VOID = frozenset({"input", "meta", "link", "br", "img", "hr", "wbr", "rect", "line", "path"})


class Form:
    """One form: where it goes, and what it would send untouched."""

    def __init__(self, attributes: dict[str, str]) -> None:
        self.id = attributes.get("id", "")
        self.action = attributes.get("action", "")
        self.method = attributes.get("method", "get").lower()
        self.values: dict[str, str] = {}
        self.names: set[str] = set()
        self.choices: dict[str, list[str]] = {}
        self.buttons: list[tuple[str, dict[str, str]]] = []

    def button(self, text: str) -> dict[str, str]:
        """The attributes of the button whose text contains this."""
        found = [attributes for words, attributes in self.buttons if text in words]
        assert found, f"no button {text!r} among {[words for words, _ in self.buttons]}"
        return found[0]


class Page(HTMLParser):
    """What a person without script has in front of them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._open: Form | None = None
        self._select = ""
        self._textarea = ""
        self._catch: tuple[str, dict[str, str], list[str]] | None = None
        self._hidden = 0
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        if tag in ("script", "style", "svg", "datalist"):
            self._hidden += 1
        elif tag == "form":
            self._open = Form(a)
            self.forms.append(self._open)
        elif tag in ("button", "a"):
            self._catch = (tag, a, [])
        form = self._form(a)
        if form is not None:
            self._control(tag, a, form)

    def _form(self, a: dict[str, str]) -> Form | None:
        if "form" in a:
            return next((form for form in self.forms if form.id == a["form"]), None)
        return self._open

    def _control(self, tag: str, a: dict[str, str], form: Form) -> None:
        name = a.get("name", "")
        if tag == "option" and self._select:
            value = a.get("value", "")
            form.choices.setdefault(self._select, []).append(value)
            if "selected" in a or self._select not in form.values:
                form.values[self._select] = value
        if not name or "disabled" in a or tag not in ("input", "select", "textarea"):
            return
        form.names.add(name)
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._textarea, form.values[name] = name, ""
        elif a.get("type") in ("radio", "checkbox"):
            form.choices.setdefault(name, []).append(a.get("value", "on"))
            if "checked" in a:
                form.values[name] = a.get("value", "on")
        elif a.get("type") != "file":
            form.values[name] = a.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "svg", "datalist"):
            self._hidden -= 1
        elif tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""
        if self._catch is not None and tag == self._catch[0]:
            _, a, words = self._catch
            text = " ".join("".join(words).split())
            if tag == "a":
                self.links.append((text, a.get("href", "")))
            elif (form := self._form(a)) is not None:
                form.buttons.append((text, a))
            self._catch = None

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._textarea and self._open is not None:
            # HTML drops the newline right after the tag.
            self._open.values[self._textarea] += data.removeprefix("\n")
            return
        self.words.append(data)
        if self._catch is not None:
            self._catch[2].append(data)

    def form_with(self, button: str) -> Form:
        """The form that has this button."""
        for form in self.forms:
            if any(button in words for words, _ in form.buttons):
                return form
        raise AssertionError(f"no form with a button {button!r}: {list(self._all_buttons())}")

    def _all_buttons(self) -> Iterator[str]:
        return (words for form in self.forms for words, _ in form.buttons)

    def has_button(self, text: str) -> bool:
        return any(text in words for words in self._all_buttons())

    def link(self, text: str) -> str:
        """Where the first link with this text leads."""
        for words, href in self.links:
            if text in words:
                return href
        raise AssertionError(f"no link {text!r} among {[words for words, _ in self.links]}")


class Visitor:
    """A person: `page` is what they see, `path` where they are, `status` how it was answered."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.path = ""
        self.status = 0
        self.page = Page("")

    @property
    def text(self) -> str:
        return self.page.text

    def open(self, path: str) -> "Visitor":
        return self._arrive(self.client.get(path, follow=True), path)

    def follow(self, text: str) -> "Visitor":
        """Take the link with this text."""
        href = self.page.link(text)
        return self.open(self._absolute(href))

    def press(self, button: str, **fields: str) -> "Visitor":
        """Fill the form that has this button, and press it. `a__b` stands for the field `a.b`."""
        form = self.page.form_with(button)
        pressed = form.button(button)
        data = dict(form.values)
        for key, value in fields.items():
            name = key.replace("__", ".")
            assert name in form.names, f"no field {name!r} among {sorted(form.names)}"
            if name in form.choices:
                assert value in form.choices[name], f"{value!r} is none of {form.choices[name]}"
            data[name] = value
        if pressed.get("name"):
            data[pressed["name"]] = pressed.get("value", "")
        target = self._absolute(pressed.get("formaction") or form.action)
        send = self.client.post if form.method == "post" else self.client.get
        return self._arrive(send(target, data, follow=True), target)

    def _absolute(self, href: str) -> str:
        here = self.path.partition("?")[0]
        if not href or href.startswith("#"):
            return self.path
        return here + href if href.startswith("?") else href.partition("#")[0]

    def _arrive(self, response: Any, path: str) -> "Visitor":
        self.path = response.redirect_chain[-1][0] if response.redirect_chain else path
        self.status = response.status_code
        self.page = Page(response.content.decode())
        return self
