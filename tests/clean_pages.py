"""What every page must keep to, whoever made it: read from its HTML, said in sentences."""

from collections import Counter
from html.parser import HTMLParser

DATA_SCRIPTS = {"application/json", "application/ld+json"}
VOID_LABELLED = {"input", "select", "textarea"}
UNLABELLED_TYPES = {"hidden", "submit", "button"}


class _Reader(HTMLParser):
    """Collects what breaks a rule while reading a page once."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self.ids: Counter[str] = Counter()
        self.headings: list[int] = []
        self.labels: set[str] = set()
        self.fields: list[dict[str, str | None]] = []
        self.language = ""
        self.title = ""
        self._in_title = False
        self._in_svg = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._no_inline_code(tag, given)
        if identity := given.get("id"):
            self.ids[identity] += 1
        if tag == "html":
            self.language = given.get("lang") or ""
        elif tag == "svg":
            self._in_svg += 1
        elif tag == "title" and not self._in_svg:
            self._in_title = True
        elif tag == "label" and given.get("for"):
            self.labels.add(given["for"] or "")
        elif tag in VOID_LABELLED and given.get("type") not in UNLABELLED_TYPES:
            self.fields.append(given)
        elif tag == "img" and "alt" not in given:
            self.problems.append(f"an image has no alt: {given.get('src')}")
        elif len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "svg":
            self._in_svg -= 1
        elif tag == "title":
            self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data

    def _no_inline_code(self, tag: str, given: dict[str, str | None]) -> None:
        if "style" in given:
            self.problems.append(f"<{tag}> has an inline style: {given['style']}")
        if tag == "style":
            self.problems.append("there is a <style> element")
        if tag == "script" and "src" not in given and given.get("type") not in DATA_SCRIPTS:
            self.problems.append("there is an inline script")
        for name, value in given.items():
            if name.startswith(("on", "hx-on")):
                self.problems.append(f"<{tag}> has an inline handler: {name}")
            if name in {"href", "src", "action"} and (value or "").strip().lower().startswith("javascript:"):
                self.problems.append(f"<{tag}> has a script for an address: {value}")
            if name == "src" and tag == "script" and (value or "").startswith(("http:", "https:", "//")):
                self.problems.append(f"a script comes from another site: {value}")


def inline_code(html: str) -> list[str]:
    """Inline styles, scripts and handlers, which the content policy refuses to run."""
    return _read(html).problems


def page_problems(html: str) -> list[str]:
    """Everything wrong with a whole page: inline code, title, language, headings, repeated ids, unlabelled fields."""
    reader = _read(html)
    found = list(reader.problems)
    if not reader.language:
        found.append("the page does not say its language")
    if not reader.title.strip():
        found.append("the page has no title")
    if reader.headings.count(1) != 1:
        found.append(f"the page has {reader.headings.count(1)} main headings, not 1")
    found += [f"id {identity!r} is used {times} times" for identity, times in reader.ids.items() if times > 1]
    for field in reader.fields:
        if not (field.get("id") in reader.labels or field.get("aria-label") or field.get("aria-labelledby")):
            found.append(f"field {field.get('name')!r} has no label")
    for name in ("{%", "{#", "{{"):
        if name in html:
            found.append(f"a template's {name} shows")
    return found


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    return reader
