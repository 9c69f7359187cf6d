"""Null characters, which PostgreSQL keeps in no text, reach no query."""

import pytest
from django.http import Http404, HttpResponse
from django.test import RequestFactory

from config.middleware import NullCharacterMiddleware


@pytest.mark.parametrize("query", ["search=a%00b", "search=%00ab", "search=ab&%00page=%00"])
def test_null_characters_are_left_out_of_the_query(query):
    asked = []
    middleware = NullCharacterMiddleware(lambda request: asked.append(request.GET) or HttpResponse())
    middleware(RequestFactory().get(f"/?{query}"))
    assert asked[0]["search"] == "ab"


def test_an_address_with_one_leads_nowhere():
    middleware = NullCharacterMiddleware(lambda request: HttpResponse())
    with pytest.raises(Http404):
        middleware.process_view(RequestFactory().get("/"), None, (), {"code": "E06\0"})


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/interventions/?search=%00", "/interventions/a%00b/", "/places/%00/", "/%00"])
def test_no_page_fails_on_one(client, address):
    assert client.get(address).status_code in {200, 404}
