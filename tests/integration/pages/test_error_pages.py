"""Error pages say what happened in plain words, in the site's own frame, even without a request."""

import pytest
from django.template.loader import render_to_string


@pytest.mark.parametrize(
    ("status", "heading"),
    [
        ("400", "We could not read that request"),
        ("403", "You cannot do that"),
        ("403_csrf", "That page had expired"),
        ("404", "Page not found"),
        ("413", "That file is too large"),
        ("429", "Too many attempts"),
        ("500", "Sorry, something went wrong"),
    ],
)
def test_error_page_renders_without_a_request_and_says_what_happened(status, heading):
    html = render_to_string(f"{status}.html")

    assert f'<h1 class="govuk-heading-l">{heading}</h1>' in html
    assert f"<title>{heading} – Uplift</title>" in html
    assert "{#" not in html
    assert "{%" not in html


@pytest.mark.parametrize("path", ["/", "/accessibility/", "/credits/"])
def test_standing_pages_answer_in_the_frame(client, db, path):
    response = client.get(path)

    assert response.status_code == 200
    html = response.content.decode()
    assert '<html lang="en"' in html
    assert html.count("<h1") == 1
    assert '<a href="#main-content" class="govuk-skip-link"' in html


def test_an_unknown_address_answers_404_in_the_frame(client, db):
    response = client.get("/no-such-page/")

    assert response.status_code == 404
    assert "Page not found" in response.content.decode()
