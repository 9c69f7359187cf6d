"""Whatever the chart: well-formed, named, described, inert, and told again as a table."""

import re
from xml.etree import ElementTree

import pytest

from evidence.drawing.tables import csv_text

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {"svg", "title", "desc", "text", "line", "rect", "path", "circle", "polygon"}


@pytest.fixture(params=["wide", "narrow"])
def root(figure, request) -> ElementTree.Element:
    return ElementTree.fromstring(getattr(figure, request.param))


def test_a_drawing_is_named_and_described(root):
    assert root.get("role") == "img"
    named = {node.get("id"): node for node in root if node.tag in {f"{SVG}title", f"{SVG}desc"}}
    assert named[root.get("aria-labelledby")].text
    assert named[root.get("aria-describedby")].text


def test_a_drawing_holds_no_style_script_or_handler(root):
    for node in root.iter():
        assert node.tag.removeprefix(SVG) in ALLOWED
        assert "style" not in node.attrib
        assert not [name for name in node.attrib if name.startswith("on") or "href" in name]


def test_a_drawing_has_no_place_that_is_not_a_number_and_stays_on_its_canvas(root):
    width, height = (float(number) for number in root.get("viewBox").split()[2:])
    assert width > 0
    assert height > 0
    for node in root.iter():
        for name in ("x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "width", "height"):
            if name in node.attrib:
                assert -1 <= float(node.get(name)) <= max(width, height) + 1
        assert "nan" not in node.get("d", "").lower()
        assert "nan" not in node.get("points", "").lower()


def test_text_is_large_enough_to_read_on_a_phone(figure):
    root = ElementTree.fromstring(figure.narrow)
    shown_at = 330 / float(root.get("viewBox").split()[2])
    sizes = [float(node.get("font-size")) * shown_at for node in root.iter(f"{SVG}text")]
    assert min(sizes, default=12) >= 11


def test_both_drawings_have_ids_of_their_own(figure):
    ids = re.findall(r' id="([^"]+)"', figure.svg)
    assert len(ids) == len(set(ids)) == 4


def test_no_text_becomes_markup(figure):
    assert "<script" not in figure.svg


def test_the_table_twin_downloads_and_never_says_nan(figure):
    text = csv_text(figure.table)
    assert text.count("\r\n") == len(figure.table.rows) + 1
    assert not re.search(r"\b(nan|inf)\b", text.replace("Not a number", ""), flags=re.IGNORECASE)


def test_drawing_again_gives_the_same_text(make_figure):
    assert make_figure().svg == make_figure().svg
