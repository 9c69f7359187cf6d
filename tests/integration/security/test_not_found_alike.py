"""What is private and what never was answer alike, word for word; so do people who exist and people who do not."""

import re
import statistics
import time

import pytest
from django.test import Client

from tests.integration.access.test_matrix import address, ask, guarded, rule_for
from tests.workspace_records import make_user

pytestmark = pytest.mark.django_db
ABSENT = 987_654_321


def told(response) -> str:
    """The answer without what differs in every answer: its form token and the address asked for."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", response.content.decode())


def test_a_stranger_reads_the_same_of_what_is_private_and_of_what_is_absent(scene, client):
    client.force_login(scene.people["stranger"])
    wrong, compared = [], 0
    for name, arguments, rule in guarded():
        if rule.see is None or "pk" not in arguments:
            continue
        private = address(scene, name, arguments, rule)
        first = re.search(r"/(\d+)/", private)
        absent = f"{private[: first.start(1)]}{ABSENT}{private[first.end(1) :]}" if first else private
        for method in ("GET", "POST"):
            there, nowhere = ask(client, method, private), ask(client, method, absent)
            if there.status_code == 405:
                continue
            compared += 1
            same = told(there).replace(private, "A") == told(nowhere).replace(absent, "A")
            if (there.status_code, nowhere.status_code) != (404, 404) or not same:
                wrong.append(f"{method} {private}: {there.status_code}, {nowhere.status_code}, same: {same}")
    assert compared > 80
    assert not wrong, "\n".join(wrong)


def test_a_draft_of_the_catalogue_reads_as_absent(scene, client, foreign):
    client.force_login(scene.people["stranger"])
    slug = foreign.intervention.slug
    for path in (
        "/interventions/{}/",
        "/interventions/{}/brief/",
        "/interventions/{}/synthesis/",
        "/api/v1/interventions/{}/",
    ):
        there, nowhere = client.get(path.format(slug)), client.get(path.format("no-such-thing"))
        assert (there.status_code, nowhere.status_code) == (404, 404)
        assert told(there).replace(slug, "A") == told(nowhere).replace("no-such-thing", "A")


def test_lists_counts_and_searches_tell_a_stranger_nothing(scene, client, foreign):
    client.force_login(scene.people["stranger"])
    for kind in ("evaluations", "datasets", "plans", "runs", "reviews"):
        assert client.get(f"/api/v1/{kind}/").json() == {"count": 0, "next": None, "previous": None, "results": []}
        assert client.get(f"/api/v1/{kind}/?evaluation={scene.world.evaluation.pk}").json()["count"] == 0
    assert rule_for("evaluations") is not None
    for path in ("/evaluations/?search=Zirconium", "/studies/?search=Zirconium", "/estimates/?search=Zirconium"):
        page = client.get(path).content.decode().replace('value="Zirconium"', "").replace("“Zirconium”", "")
        assert "Zirconium evaluation" not in page


@pytest.mark.filterwarnings("ignore")
def test_signing_in_takes_as_long_for_someone_unknown(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    settings.AXES_ENABLED = False
    person = make_user()
    person.set_password("a-good-passphrase")
    person.save()

    def seconds(email: str) -> float:
        start = time.process_time()
        Client().post("/account/login/", {"login": email, "password": "wrong"})
        return time.process_time() - start

    seconds(person.email)
    known = statistics.median(seconds(person.email) for _ in range(3))
    unknown = statistics.median(seconds("nobody@example.org") for _ in range(3))
    assert 0.5 < unknown / known < 2, (known, unknown)


def test_the_api_tells_no_more_about_who_has_an_account(client):
    person = make_user()
    answers = [
        client.post("/api/v1/tokens/", {"email": email, "password": "wrong"})
        for email in (person.email, "nobody@example.org")
    ]
    assert answers[0].status_code == answers[1].status_code == 401
    assert answers[0].json() == answers[1].json()
