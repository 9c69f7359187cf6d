"""The documentation page says what the description says."""

import pytest
from django.urls import reverse

from config.api_docs import documentation

pytestmark = pytest.mark.django_db


def test_every_address_and_method_of_the_description_is_on_the_page(client):
    schema = client.get(reverse("api:schema"), HTTP_ACCEPT="application/json", data={"format": "json"}).json()
    html = client.get("/api/v1/docs/").content.decode()
    sections, _ = documentation()
    shown = {(operation.method.lower(), operation.path) for section in sections for operation in section.operations}
    described = {(method, path) for path, item in schema["paths"].items() for method in item if method != "parameters"}
    assert shown == described
    for _, path in described:
        assert f'<span class="up-hash">{path}</span>' in html


def test_every_link_to_a_shape_leads_to_one(client):
    html = client.get("/api/v1/docs/").content.decode()
    sections, shapes = documentation()
    named = {shape.name for shape in shapes}
    assert 'id="shape-Run"' in html
    assert "Run" in named
    for section in sections:
        assert section.operations


def test_the_page_says_who_may_call_what(client):
    sections, _ = documentation()
    by_path = {(each.method, each.path): each for section in sections for each in section.operations}
    assert by_path["GET", "/api/v1/interventions/"].is_open
    assert not by_path["POST", "/api/v1/runs/"].is_open
