"""The calculator before the data, as a page that anyone may open."""

import html

import numpy as np
import pytest

from evaluations.stats.planning import TwoGroups, noise_of_pilot, smallest_detectable

pytestmark = pytest.mark.django_db

ASKED = {
    "n_treated": 15, "n_control": 45, "n_pre": 4, "n_post": 2, "sd": 1, "people": 200,
    "intraclass": 0.02, "serial_correlation": 0.4, "power": 0.8,
}  # fmt: skip


def test_the_page_opens_without_a_question(client):
    page = client.get("/methods/calculator/")
    assert page.status_code == 200
    assert "up-answer" not in page.content.decode()


def test_it_answers_in_words(client):
    text = client.get("/methods/calculator/", ASKED).content.decode()
    assert "the smallest effect found 80% of the time is" in text


def test_it_says_how_many_areas_an_effect_takes(client):
    text = client.get("/methods/calculator/", {**ASKED, "effect": 0.02}).content.decode()
    assert "To find an effect of 0.02" in text


def test_wrong_input_is_named_beside_its_field(client):
    text = client.get("/methods/calculator/", {**ASKED, "n_treated": 1, "sd": "wide"}).content.decode()
    assert "There is a problem" in text
    assert "greater than or equal to 2" in text
    assert "Enter a number" in text


PILOT = "10.1, 10.9 11.2 12\n8\t9.5\t9\t10.2\n12.4 12.1 13.9 13.2\n9.0 10.4 10.1 11.8\n"


def test_a_pilot_stands_in_for_what_would_be_guessed(client):
    figures = np.array([[10.1, 10.9, 11.2, 12], [8, 9.5, 9, 10.2], [12.4, 12.1, 13.9, 13.2], [9.0, 10.4, 10.1, 11.8]])
    found = smallest_detectable(TwoGroups(15, 45, 4, 2), noise_of_pilot(figures))
    for asked in (ASKED, {**ASKED, "sd": 99}):
        text = client.get("/methods/calculator/", {**asked, "pilot": PILOT}).content.decode()
        assert "By the pilot, an area" in text
        assert f"Standard error expected: {found.std_error:.4f}".rstrip("0") in text


@pytest.mark.parametrize(
    ("pilot", "words"),
    [
        ("Leeds 1 2 3", "Line 1: Leeds is not a number"),
        ("1 2 3\n1 2\n1 2 3", "Line 2 has 2 figures and line 1 has 3"),
        ("1 2\n2 3\n3 5", "at least 3 areas with 3 complete periods"),
        ("1 1 1\n1 1 1\n1 1 1", "outcomes do not vary"),
        ("1 2 inf\n1 2 3\n1 2 3", "Line 1 has a figure that is not finite"),
        ("9 " * 3000, "at most 4000 characters"),
    ],
)
def test_a_pilot_that_cannot_be_read_is_named_beside_its_field(client, pilot, words):
    text = html.unescape(client.get("/methods/calculator/", {**ASKED, "pilot": pilot}).content.decode())
    assert "There is a problem" in text
    assert words in text
    assert 'id="answer"' not in text


@pytest.mark.parametrize(
    "wrong",
    [{"n_pre": 0}, {"n_post": ""}, {"sd": 0}, {"sd": "nan"}, {"people": 0.5}, {"intraclass": 1.2}, {"power": 1},
     {"serial_correlation": 1}, {"effect": -1}, {"n_control": "1e9"}, {"n_treated": 2.5}],
)  # fmt: skip
def test_every_wrong_input_is_answered_with_a_problem_and_no_number(client, wrong):
    text = client.get("/methods/calculator/", {**ASKED, **wrong}).content.decode()
    assert "There is a problem" in text
    assert 'id="answer"' not in text
