"""Pages that pool what can be pooled and say of the rest why not."""

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.django_db


def test_the_worked_example_gives_the_published_answer(client):
    text = client.get("/methods/worked-synthesis/").content.decode()
    assert "Example" in text
    assert "0.08 standard deviations of pupils" in text
    assert "<svg" in text


def test_sure_start_cannot_be_pooled_and_the_page_says_exactly_why(client):
    call_command("load_catalogue", verbosity=0)
    text = client.get("/interventions/sure-start/synthesis/").content.decode()
    assert "published without a standard error or an interval" in text
    assert "carry neither a standard error nor an interval" in text
    assert "<svg" not in text.split("<main", 1)[1].split("</main>", 1)[0]


def test_an_unknown_intervention_has_no_synthesis(client):
    assert client.get("/interventions/no-such-thing/synthesis/").status_code == 404
