"""A phone's browser as far as the demo needs one: cookies, links, forms with their tokens, photographs."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

TIMEOUT_SECONDS = 30
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
USER_AGENT = "Mozilla/5.0 (Linux; Android 15; Mobile) MizuhikiDemo/1.0"


class NotAsPromised(Exception):
    """The service did something else than it says it does."""


@dataclass
class Form:
    """A form with what its fields hold; buttons are not sent unless asked for."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)  # of radio buttons and check boxes
    file_fields: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Element:
    """A tag with its attributes and the text inside."""

    tag: str
    attributes: dict[str, str]
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What people read, blanks joined."""
        return " ".join("".join(self.parts).split())


class Page(HTMLParser):
    """An answer, taken apart."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__()
        self.url = response.url
        self.status = response.status_code
        self.leads_to = response.headers.get("HX-Redirect", "")  # what a script on the page would follow
        self.elements: list[Element] = []
        self.forms: list[Form] = []
        self._open: list[Element] = []
        self._form: Form | None = None
        self.feed(response.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, and what it means for the form around it."""
        attributes = {name: value or "" for name, value in attrs}
        element = Element(tag, attributes)
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)
        if tag == "form":
            self._form = Form(urljoin(self.url, attributes.get("action") or self.url))
            self.forms.append(self._form)
        elif tag == "input" and self._form:
            _take_input(self._form, attributes)

    def handle_endtag(self, tag: str) -> None:
        """Close the element, and whatever inside was left open."""
        if tag == "form":
            self._form = None
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place].tag == tag:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        """Add text to all elements around it."""
        for element in self._open:
            element.parts.append(data)

    def inside(self, outer: Element, tag: str) -> Element:
        """Find the first element of a kind that begins after another one.

        Raises:
            NotAsPromised: there is none.
        """
        following = self.elements[self.elements.index(outer) + 1 :]
        for element in following:
            if element.tag == tag:
                return element
        raise NotAsPromised(f"{self.url} に <{tag}> がありません")

    @property
    def title(self) -> str:
        """The heading."""
        return self.first("h1").text

    def first(self, tag: str, **attributes: str) -> Element:
        """Find an element by tag and attributes.

        Raises:
            NotAsPromised: there is none.
        """
        for element in self.all(tag, **attributes):
            return element
        raise NotAsPromised(f"{self.url} に <{tag} {attributes or ''}> がありません（{self.status}）")

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Find elements; an attribute fits if it contains the words."""
        return [
            element
            for element in self.elements
            if element.tag == tag
            and all(value in element.attributes.get(name, "").split() for name, value in attributes.items())
        ]

    def links(self, part: str) -> list[str]:
        """Give the addresses that contain a text."""
        found = [urljoin(self.url, element.attributes.get("href", "")) for element in self.all("a")]
        return [address for address in found if part in address]

    def form(self, part: str = "") -> Form:
        """Find the first form whose address contains a text.

        Raises:
            NotAsPromised: there is none.
        """
        for form in self.forms:
            if part in form.action:
                return form
        raise NotAsPromised(f"{self.url} にフォームがありません（{self.status} {self.title}）")


class Phone:
    """One person's phone: a cookie jar of its own."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.session = requests.Session()
        self.session.trust_env = False  # no proxy between us and this machine
        self.session.headers["User-Agent"] = USER_AGENT

    def open(self, address: str) -> Page:
        """Follow a link."""
        return self._page(self.session.get(urljoin(self.base_url, address), timeout=TIMEOUT_SECONDS))

    def send(
        self,
        form: Form,
        values: dict[str, str | list[str]] | None = None,
        photo: bytes | None = None,
        file: tuple[str, bytes, str] = ("receipt.jpg", b"", "image/jpeg"),
    ) -> Page:
        """Press a form's button; a photograph, or another file with name and kind, goes into its first field for it."""
        name, content, kind = file if photo is None else (file[0], photo, file[2])
        files = {form.file_fields[0]: (name, content, kind)} if content else None
        data = {**form.fields, **(values or {})}
        answer = self.session.post(form.action, data=data, files=files, timeout=TIMEOUT_SECONDS)
        return self._page(answer)

    def save(self, form: Form) -> str:
        """Press a button behind which a file comes; returns its text."""
        answer = self.session.post(form.action, data=form.fields, timeout=TIMEOUT_SECONDS)
        if "attachment" not in answer.headers.get("Content-Disposition", ""):
            raise NotAsPromised(f"{answer.url} からファイルが届きません（{answer.status_code}）")
        return answer.content.decode("utf-8-sig")

    def _page(self, response: requests.Response) -> Page:
        if response.status_code >= 400:
            title = Page(response).all("h1")
            said = title[0].text if title else response.reason
            raise NotAsPromised(f"{response.url} が {response.status_code}（{said}）を返しました")
        return Page(response)


def _take_input(form: Form, attributes: dict[str, str]) -> None:
    name, kind = attributes.get("name", ""), attributes.get("type", "text")
    if not name or kind in {"submit", "button"}:
        return
    if kind == "file":
        form.file_fields.append(name)
    elif kind in {"radio", "checkbox"}:
        form.choices.setdefault(name, []).append(attributes.get("value", "on"))
    else:
        form.fields[name] = attributes.get("value", "")
