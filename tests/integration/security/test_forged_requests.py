"""Forged forms, fields nobody offered, keys that ended, doors to other sites: none of them works."""

import json
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from evaluations.organisations.models import ApiToken, AuditEvent, Membership, User
from evaluations.organisations.tokens import create_token, revoke_token
from evaluations.sharing.models import Review
from evaluations.workspaces.models import Evaluation
from tests.integration.access.test_matrix import SAID, ask
from tests.integration.security.conftest import CANARY
from tests.integration.security.every_address import every_address
from tests.workspace_records import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("undrawn_pdfs")]
PASSPHRASE = "a-good-passphrase"


def events() -> int:
    """Everything on record but readings of rows, which are reads."""
    return AuditEvent.objects.exclude(verb="read_rows").count()


def test_a_form_from_another_site_changes_nothing_at_any_address(scene):
    client = Client(enforce_csrf_checks=True)
    client.force_login(scene.people["admin"])
    before, wrong = events(), []
    for name, path in every_address(scene):
        response = client.post(path, SAID, headers={"origin": "https://evil.example"})
        if response.status_code not in (403, 404, 405, 415):
            wrong.append(f"{path} ({name}): {response.status_code}")
        if "_auth_user_id" not in client.session:
            wrong.append(f"{path} ({name}) signs out")
            client.force_login(scene.people["admin"])
    assert (wrong, events()) == ([], before)


def test_no_address_changes_anything_when_it_is_only_read(scene, client):
    """A link or a picture on another site can make a signed-in browser read any address."""
    client.force_login(scene.people["admin"])
    before = events()
    for _, path in every_address(scene):
        response = client.get(path)
        if response.streaming:
            b"".join(response.streaming_content)
    assert events() == before


EXTRA = {
    **dict.fromkeys(("owner_id", "created_by", "locked_by", "decided_by", "reviewer_id", "user", "id"), 1),
    **dict.fromkeys(("is_example", "is_staff", "is_superuser", "locked_before_outcomes"), True),
    **dict.fromkeys(("embargo_until", "locked_at", "deleted_at"), "2020-01-01"),
    **dict.fromkeys(("sha256", "spec_sha256", "result_sha256"), "0" * 64),
    **dict.fromkeys(("version", "number", "seed"), 99),
    **{"owner": "other", "stage": "public", "role": "admin", "state": "ready", "storage_path": "../x", "key": "x"},
    **{"result": {"a": 1}, "withdrawn_reason": "x", "disclosure_policy": {"threshold": 1}, "visibility": "public"},
}


def test_fields_that_were_not_offered_are_not_taken_by_the_api(scene, client, foreign):
    world = scene.world
    client.force_login(scene.people["analyst"])
    before = Evaluation.objects.filter(pk=world.evaluation.pk).values().get()
    extra = EXTRA | {"owner": foreign.organisation.slug}
    answer = client.patch(
        f"/api/v1/evaluations/{world.evaluation.pk}/",
        json.dumps(extra | {"title": "New title"}),
        content_type="application/json",
    )
    assert answer.status_code in (200, 400)
    client.patch(
        f"/api/v1/evaluations/{world.evaluation.pk}/", json.dumps({"title": "New"}), content_type="application/json"
    )
    after = Evaluation.objects.filter(pk=world.evaluation.pk).values().get()
    assert {name for name in before if before[name] != after[name]} == {"title"}
    spec = world.plan.spec
    made = client.post(
        "/api/v1/plans/",
        json.dumps(EXTRA | {"evaluation": world.evaluation.pk, "spec": spec}),
        content_type="application/json",
    ).json()
    assert (made["locked_at"], made["version"], made["is_locked"]) == (None, 2, False)
    started = client.post(
        "/api/v1/runs/", json.dumps(EXTRA | {"plan": world.plan.pk}), content_type="application/json"
    ).json()
    assert (started["state"], started["number"]) != ("ready", 99) and started["result_sha256"] == ""


FORMS = (
    "evaluation-edit",
    "evaluation-new",
    "discussion",
    "plan-columns",
    "plan-options",
    "plan-design",
    "account-tokens",
)


def test_fields_that_were_not_offered_are_not_taken_by_any_form(scene, client, foreign):
    """Each form is sent as it stands, with every other field of every model beside its own."""
    world = scene.world
    client.force_login(scene.people["analyst"])
    kept = {model: list(model.objects.order_by("pk").values()) for model in (Evaluation, Membership, User, Review)}
    stated = {
        **{
            "title": "T",
            "purpose": "P",
            "units": "not_people",
            "lawful_basis": "not_personal",
            "owner": world.council.pk,
        },
        **{"intervention": world.evaluation.intervention_id, "outcome": world.evaluation.outcome_id},
        **{"about": "", "body": "Said", "name": "t", "days": 3},
    }
    paths = {name: path for name, path in every_address(scene) if name in FORMS}
    for name, path in paths.items():
        assert client.post(path, EXTRA | stated).status_code in (200, 302), name
    assert client.post(paths["evaluation-new"], EXTRA | stated | {"owner": foreign.organisation.pk}).status_code == 200
    made = Evaluation.objects.exclude(pk__in=[row["id"] for row in kept[Evaluation]])
    assert [(each.stage, each.owner, each.is_example, each.created_by) for each in made] == [
        ("private", world.council, False, scene.people["analyst"])
    ]
    for model, rows in kept.items():
        ignored = {"title", "purpose", "last_login"}
        now = model.objects.filter(pk__in=[row["id"] for row in rows]).order_by("pk").values()
        stripped = [[{k: v for k, v in row.items() if k not in ignored} for row in each] for each in (rows, now)]
        assert stripped[0] == stripped[1], model
    assert Evaluation.objects.get(pk=world.evaluation.pk).title == "T"
    assert ApiToken.objects.get().user == scene.people["analyst"]


@pytest.mark.parametrize("field", ["evaluation", "dataset", "sites", "plan", "run"])
def test_the_number_of_anothers_row_in_a_field_reads_as_one_that_is_not_there(scene, client, foreign, field):
    client.force_login(scene.people["lead"])
    world = scene.world
    kind, body = {
        "evaluation": ("plans", {"spec": world.plan.spec}),
        "dataset": ("plans", {"evaluation": world.evaluation.pk, "spec": world.plan.spec}),
        "sites": ("plans", {"evaluation": world.evaluation.pk, "spec": world.plan.spec}),
        "plan": ("runs", {}),
        "run": ("reviews", {"reviewer": world.lead.email}),
    }[field]
    theirs = getattr(foreign, {"sites": "dataset"}.get(field, field)).pk

    def answer(number: int) -> tuple[int, str]:
        sent = json.dumps(body | {field: number})
        found = client.post(f"/api/v1/{kind}/", sent, content_type="application/json")
        return found.status_code, found.content.decode().replace(str(number), "N")

    assert answer(theirs) == answer(987_654)
    assert answer(theirs)[0] == 400


def test_a_draft_intervention_of_others_cannot_be_named_into_the_open(scene, client, foreign):
    client.force_login(scene.people["analyst"])
    path = f"/api/v1/evaluations/{scene.world.evaluation.pk}/"
    for slug in (foreign.intervention.slug, "no-such-thing"):
        answer = client.patch(path, json.dumps({"intervention": slug}), content_type="application/json")
        assert answer.status_code == 400 and CANARY not in answer.content.decode()


def key_of(person, **stated) -> tuple[ApiToken, dict[str, str]]:
    token, key = create_token(user=person, name="t", by=person, **stated)
    return token, {"authorization": f"Token {key}"}


def test_a_revoked_an_expired_and_an_invented_token_open_nothing(scene, client):
    person = scene.people["admin"]
    revoked, first = key_of(person)
    revoke_token(token=revoked, by=person)
    expired, second = key_of(person)
    ApiToken.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    closed, third = key_of(other := make_user())
    User.objects.filter(pk=other.pk).update(is_active=False)
    tries = [
        first,
        second,
        third,
        {"authorization": "Token x"},
        {"authorization": "Token"},
        {"authorization": "Bearer"},
    ]
    tries += [{"authorization": f"Token {revoked.token_sha256}"}, {"authorization": f"Token {closed.prefix}"}]
    for headers in tries:
        for path in ("/api/v1/evaluations/", f"/api/v1/evaluations/{scene.world.evaluation.pk}/", "/api/v1/tokens/"):
            assert client.get(path, headers=headers).status_code == 401, headers


def test_a_token_that_only_reads_changes_nothing_and_no_token_makes_another(scene, client):
    _, reads = key_of(scene.people["admin"], scopes=("read",))
    _, writes = key_of(scene.people["admin"])
    before, wrong = events(), []
    for name, path in every_address(scene):
        if name.startswith("api:"):
            for method in ("post", "patch", "delete", "put"):
                status = getattr(client, method)(path, {}, headers=reads, content_type="application/json").status_code
                if status not in (403, 405) and not (status == 401 and name == "api:token-list"):
                    wrong.append(f"{method} {path}: {status}")
    assert (wrong, events()) == ([], before)
    assert client.post("/api/v1/tokens/", {"name": "x"}, headers=writes).status_code == 401


def test_a_token_opens_the_api_and_no_page(scene, client):
    _, headers = key_of(scene.people["admin"])
    assert client.get("/api/v1/evaluations/", headers=headers).status_code == 200
    assert client.get("/evaluations/", headers=headers).url.startswith("/account/login/")


DOORS = ["https://evil.example/", "//evil.example", "/\\evil.example", "https:evil.example", "javascript:alert(1)",
         "///evil.example", "http:///evil.example", "\x00//evil.example", "/%09/evil.example"]  # fmt: skip


@pytest.mark.parametrize("signed_in", [False, True])
def test_no_address_sends_one_on_to_another_site(scene, signed_in):
    client, wrong, door = Client(), [], DOORS[0]
    for name, path in every_address(scene):
        if signed_in and "_auth_user_id" not in client.session:
            client.force_login(scene.people["admin"])
        answer = ask(client, "GET", f"{path}?next={door}&redirect_to={door}&return={door}&url={door}")
        if answer.status_code in (301, 302, 303) and not stays(answer.url):
            wrong.append(f"{name}: {answer.url}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("door", DOORS)
def test_signing_in_and_out_never_leads_to_another_site(door):
    person = make_user()
    EmailAddress.objects.create(user=person, email=person.email.lower(), verified=True, primary=True)
    client = Client()
    answer = client.post("/account/login/", {"login": person.email, "password": PASSPHRASE, "next": door})
    assert answer.status_code == 302 and stays(answer.url), answer.content
    answer = client.post("/account/logout/", {"next": door})
    assert answer.status_code in (302, 200) and stays(getattr(answer, "url", "/")), answer.url


def stays(url: str) -> bool:
    """Whether a browser would stay on this site."""
    return url.startswith("/") and url[1:2] not in ("/", "\\")


def test_signing_in_gives_a_new_session_so_that_a_planted_one_is_worth_nothing(scene):
    person = scene.people["lead"]
    EmailAddress.objects.create(user=person, email=person.email.lower(), verified=True, primary=True)
    client = Client()
    client.get("/account/signup/")
    session = client.session
    session["planted"] = 1
    session.save()
    planted = session.session_key
    client.cookies["sessionid"] = planted
    client.post("/account/login/", {"login": person.email, "password": PASSPHRASE})
    assert "_auth_user_id" in client.session and client.session.session_key != planted
    thief = Client()
    thief.cookies["sessionid"] = planted
    assert thief.get("/account/").status_code == 302
    kept = client.session.session_key
    client.post("/account/logout/")
    thief.cookies["sessionid"] = kept
    assert thief.get("/account/").status_code == 302
