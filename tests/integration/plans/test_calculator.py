"""The calculator before the data, as a page that anyone may open."""

import pytest

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
