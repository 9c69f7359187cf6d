"""The rules that every page of the tests is read by, each shown to catch its breach."""

import pytest

from tests.clean_pages import inline_code, page_problems

CLEAN = (
    '<!doctype html><html lang="en"><title>A – Uplift</title><script src="/static/js/uplift.js" defer></script>'
    '<script type="application/ld+json">{"@type": "Dataset"}</script><h1>A</h1>'
    '<label for="q">Words</label><input id="q" name="search"><svg><title>Chart</title></svg><img src="a.svg" alt="">'
)


def test_a_clean_page_has_no_problem():
    assert page_problems(CLEAN) == []


@pytest.mark.parametrize(
    "breach",
    [
        '<p style="color:red">x</p>',
        "<style>p{}</style>",
        "<script>alert(1)</script>",
        '<a href="#" onclick="go()">x</a>',
        '<div hx-on:click="go()"></div>',
        '<a href=" JavaScript:go()">x</a>',
        '<script src="https://elsewhere.example/a.js"></script>',
    ],
)
def test_inline_code_is_caught(breach):
    assert len(inline_code(CLEAN + breach)) == 1


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ((' lang="en"', ""), "language"),
        (("<title>A – Uplift</title>", ""), "no title"),
        (("<h1>A</h1>", ""), "0 main headings"),
        (("<h1>A</h1>", "<h1>A</h1><h1>B</h1>"), "2 main headings"),
        (('<label for="q">Words</label>', ""), "no label"),
        (("<h1>A</h1>", '<h1 id="q">A</h1>'), "used 2 times"),
        ((' alt=""', ""), "no alt"),
        (("<h1>A</h1>", "<h1>{% A %}</h1>"), "shows"),
    ],
)
def test_a_fault_of_the_page_is_caught(change, problem):
    (found,) = page_problems(CLEAN.replace(*change))
    assert problem in found
