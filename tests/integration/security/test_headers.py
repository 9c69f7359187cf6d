"""What every answer carries, at every address, so that a page cannot be framed, sniffed or made to run a script."""

import pytest
from django.test import Client

from tests.integration.access.test_matrix import ask
from tests.integration.security.every_address import every_address

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("undrawn_pdfs")]


def missing_from(response) -> list[str]:
    """What the answer's headers lack."""
    policy = response.headers.get("Content-Security-Policy", "")
    directives = {each.split()[0]: each.split()[1:] for each in policy.split(";") if each.strip()}
    lacking = [
        name
        for name, is_right in {
            "a policy that denies by default": directives.get("default-src") == ["'none'"],
            "scripts of the site alone": directives.get("script-src") == ["'self'"],
            "styles of the site alone": directives.get("style-src") == ["'self'"],
            "no unsafe source": "unsafe" not in policy and "*" not in policy,
            "no frame around it": directives.get("frame-ancestors") == ["'none'"],
            "no base address": directives.get("base-uri") == ["'none'"],
            "forms to the site alone": directives.get("form-action") == ["'self'"],
            "X-Frame-Options": response.headers.get("X-Frame-Options") == "DENY",
            "nosniff": response.headers.get("X-Content-Type-Options") == "nosniff",
            "Referrer-Policy": response.headers.get("Referrer-Policy") == "same-origin",
            "Permissions-Policy": "camera=()" in response.headers.get("Permissions-Policy", ""),
        }.items()
        if not is_right
    ]
    return lacking


@pytest.mark.parametrize("who", ["visitor", "admin"])
def test_every_address_answers_with_the_strict_policy(scene, who):
    client, wrong, asked = Client(raise_request_exception=True), [], 0
    if who == "admin":
        client.force_login(scene.people["admin"])
    for name, path in every_address(scene):
        for method in ("GET", "POST"):
            response = ask(client, method, path)
            asked += 1
            lacking = missing_from(response)
            if lacking or response.status_code >= 500:
                wrong.append(f"{method} {path} ({name}) {response.status_code} lacks {', '.join(lacking)}")
            if who == "admin" and "_auth_user_id" not in client.session:
                client.force_login(scene.people["admin"])
    assert asked > 200
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", ["/no/such/page/", "/api/v1/no-such/", "/evaluations/999999/"])
def test_refusals_carry_it_too(scene, client, path):
    client.force_login(scene.people["stranger"])
    assert missing_from(client.get(path)) == []


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "testserver:80@evil.example"])
def test_another_host_in_the_request_is_refused_and_reaches_no_letter(settings, client, host, mailoutbox):
    settings.ALLOWED_HOSTS = ["testserver"]
    assert client.get("/", headers={"host": host}).status_code == 400
    client.post("/account/password/reset/", {"email": "ada@example.org"}, headers={"host": host})
    forwarded = client.get("/", headers={"x-forwarded-host": host})
    assert forwarded.status_code == 200 and "evil.example" not in forwarded.content.decode()
    assert mailoutbox == []


@pytest.mark.parametrize("sent", ["x\r\nSet-Cookie: stolen=1", "x%0d%0aSet-Cookie:%20stolen=1", "x\nLocation: //evil"])
def test_no_header_is_injected(scene, client, sent):
    client.force_login(scene.people["lead"])
    pk = scene.world.evaluation.pk
    for path in ("/account/login/", "/evaluations/", f"/evaluations/{pk}/audit/", "/interventions/"):
        response = client.get(path, {"next": sent, "search": sent, "download": sent, "page": sent})
        assert "stolen" not in response.cookies
        assert not any("\n" in value or "\r" in value for value in response.headers.values())
