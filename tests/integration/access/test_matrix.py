"""Every address, asked for by everyone, with every method: served, refused or not found as the rules say."""

from types import SimpleNamespace

import pytest
from django.db import transaction
from django.urls import URLResolver, get_resolver, reverse

from evaluations.organisations.actions import add_member, end_membership
from evaluations.organisations.invitations import invite_member
from evaluations.organisations.models import Role
from evaluations.organisations.partnerships import create_partnership
from evaluations.organisations.permissions import CATALOGUE, Permission, may
from evaluations.sharing import actions
from evaluations.sharing.actions.partnerships import put_in_partnership
from evaluations.workspaces.models import ShareLevel, Stage
from evidence import urls as evidence_urls
from evidence.sites.actions import Provenance, SiteFacts, keep_sites
from tests.integration.access.rules import ACCOUNT, API, OPEN, OPEN_API, OWN, PAGES, PUBLIC, SIGNED_IN, Rule
from tests.integration.sharing.conftest import answered_run, world  # noqa: F401  (a fixture)
from tests.integration.sharing.test_partnerships import AGREED
from tests.workspace_records import SHA, make_intervention, make_organisation, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("undrawn_pdfs")]

SECRET_TITLE, SECRET_PLAN = "Zirconium evaluation", "Because of zirconium"
SAID = {"reason": "x", "note": "x", "body": "x", "email": "x@example.org", "role": "viewer", "decision": "changes"}
"""Enough for most forms, so that what decides is who asks."""
SERVED = {200, 201, 204, 302, 400, 405, 409, 415, 422}


def routes() -> set[tuple[str, tuple[str, ...]]]:
    """Every name in the router with its namespace and the arguments it takes."""
    found = set()

    def walk(patterns, namespace: str, before: tuple[str, ...]) -> None:
        for each in patterns:
            names = (*before, *each.pattern.regex.groupindex)
            if isinstance(each, URLResolver):
                walk(each.url_patterns, each.namespace or namespace, names)
            elif "format" not in names:
                found.add((f"{namespace}:{each.name}" if namespace else str(each.name), names))

    walk(get_resolver().url_patterns, "", ())
    return found


def catalogue_pages() -> set[str]:
    """The names of the pages that the catalogue's own rooms serve."""
    gathered = next(
        each for each in get_resolver().url_patterns if getattr(each, "urlconf_name", None) is evidence_urls
    )
    return {str(each.name) for each in gathered.url_patterns}


def rule_for(name: str) -> Rule | None:
    if name.startswith("api:"):
        short = name.removeprefix("api:")
        return Rule(PUBLIC) if short in OPEN_API else API.get(short)
    if name in OPEN or name in catalogue_pages() or name.startswith(ACCOUNT):
        return Rule(PUBLIC)
    return PAGES.get(name)


def test_every_address_has_a_rule_and_every_rule_an_address():
    names = {name for name, _ in routes()}
    assert sorted(name for name in names if rule_for(name) is None) == []
    known = {*PAGES, *(f"api:{name}" for name in (*API, *OPEN_API))}
    assert sorted(known - names) == []


@pytest.fixture
def scene(world):  # noqa: F811
    """An evaluation shared with a partner at every level, with one of everything an address can name."""
    type(world.evaluation).objects.filter(pk=world.evaluation.pk).update(title=SECRET_TITLE)
    world.evaluation.refresh_from_db()
    partners = {level: make_organisation(lead=make_user(f"{level}_lead")) for level in ShareLevel.values}
    for level, organisation in partners.items():
        actions.share_with(evaluation=world.evaluation, organisation=organisation, level=level, by=world.lead)
    partnership = create_partnership(name="Northern hubs", agreement=AGREED, lead=world.council, by=world.lead)
    put_in_partnership(evaluation=world.evaluation, partnership=partnership, by=world.lead)
    actions.change_stage(evaluation=world.evaluation, to_stage=Stage.NAMED_PARTNERS, by=world.lead)
    released = answered_run(world.plan, world.analyst)
    review = actions.request_release(run=released, reviewer=world.lead, by=world.analyst, release_to="named_partners")
    (publication,) = actions.release(review=review, by=world.lead)
    waiting = actions.request_release(run=world.run, reviewer=world.lead, by=world.analyst)
    admin = world.council.memberships.get(role=Role.ADMIN).user
    invited = invite_member(
        organisation=world.council, email="g@example.org", role=Role.VIEWER, by=admin, site_url="https://u.example"
    )
    comment = actions.add_comment(evaluation=world.evaluation, body=SECRET_PLAN, asks_for_change=True, by=world.lead)
    world.evaluation.refresh_from_db()
    people = _people(world, partners)
    subjects = {
        "evaluation": world.evaluation,
        "organisation": world.council,
        "partnership": partnership,
        "council in the partnership": world.council,
        "catalogue": CATALOGUE,
        "site list": world.council,
        "invitation": world.council,
    }
    saved_by = Provenance("Hubs", "The council's register", world.council.name, world.council.pk, SHA)
    site_list = keep_sites(
        intervention=make_intervention(), sites=[SiteFacts("North", 53.0, -2.0, "2019")], provenance=saved_by
    )
    named = {
        "run_pk": world.run.pk,
        "dataset_pk": world.dataset.pk,
        "review_pk": waiting.pk,
        "publication_pk": publication.pk,
        "organisation_pk": world.council.pk,
        "comment_pk": comment.pk,
        "membership_pk": world.council.memberships.get(user=world.analyst).pk,
        "invitation_pk": invited.invitation.pk,
        "token": "no-such-token",
        "part": "estimates",
        "to_stage": "public",
        "name": "panel",
        "slug": world.council.slug,
        "plural": "interventions",
        "item_pk": 1,
        "kind": "estimates",
        "of": "studies",
        "scheme_key": "maryland_sms",
    }
    return SimpleNamespace(
        world=world, people=people, subjects=subjects, named=named, waiting=waiting, site_list=site_list
    )


def _people(world, partners) -> dict:  # noqa: F811
    viewer, former = make_user("viewer"), make_user("former")
    admin = world.council.memberships.get(role=Role.ADMIN).user
    add_member(organisation=world.council, user=viewer, role=Role.VIEWER, by=admin)
    spell = add_member(organisation=world.council, user=former, role=Role.ADMIN, by=admin)
    end_membership(membership=spell, by=admin)
    make_organisation(lead=(stranger := make_user("stranger")))
    owners = {"viewer": viewer, "analyst": world.analyst, "lead": world.lead, "admin": admin}
    leads = {f"{level} partner": each.memberships.get(role=Role.LEAD).user for level, each in partners.items()}
    editor = make_user("editor")
    editor.is_staff = True
    editor.save()
    return {"former member": former, "stranger": stranger, "editor": editor, **owners, **leads}


def address(scene, name: str, arguments: tuple[str, ...], rule: Rule) -> str:
    """The address of this route for the scene's own records."""
    main = {
        "organisation": scene.world.council.pk,
        "partnership": scene.subjects["partnership"].pk,
        "council in the partnership": scene.subjects["partnership"].pk,
        "site list": scene.site_list.pk,
        "invitation": scene.named["invitation_pk"],
    }.get(rule.about, scene.world.evaluation.pk)
    if name.startswith("api:"):
        kind = name.removeprefix("api:").split("-")[0]
        main = {
            "dataset": scene.world.dataset.pk,
            "plan": scene.world.plan.pk,
            "run": scene.world.run.pk,
            "review": scene.waiting.pk,
            "site": scene.site_list.pk,
        }.get(kind, main)
    values = scene.named | {"pk": main}
    return reverse(name, kwargs={argument: values[argument] for argument in arguments})


def expected(rule: Rule, subject, person, method: str) -> set[int]:
    """The statuses that would be right."""
    if rule.about in (PUBLIC, SIGNED_IN, OWN):
        return SERVED | {403, 404}
    not_for_anyone = {405} if not (rule.get if method == "GET" else rule.post) else set()
    is_desk = rule.or_editor and may(person, Permission.EDIT_CATALOGUE, CATALOGUE)
    if rule.see is not None and not is_desk and not may(person, rule.see, subject):
        return {404} | not_for_anyone
    do = rule.only_post if rule.only_post and method == "POST" else rule.do
    if do is not None and not may(person, do, subject):
        return ({404} if rule.do_is_hidden else {403}) | not_for_anyone
    return SERVED | ({404} if method == "POST" else set()) | ({403, 404} if rule.named else set())


def ask(client, method: str, path: str):
    """One request, whose changes are undone."""
    with transaction.atomic():
        said = {"data": SAID} if method == "POST" else {}
        response = getattr(client, method.lower())(path, **said)
        if getattr(response, "streaming", False):
            b"".join(response.streaming_content)
        transaction.set_rollback(True)
    return response


def guarded() -> list[tuple[str, tuple[str, ...], Rule]]:
    found = [(name, arguments, rule_for(name)) for name, arguments in sorted(routes())]
    return [(name, arguments, rule) for name, arguments, rule in found if rule and rule.about != PUBLIC]


def body_of(response) -> str:
    return "" if getattr(response, "streaming", False) else response.content.decode(errors="replace")


@pytest.mark.parametrize("who", ["former member", "stranger", "editor", "viewer", "analyst", "lead", "admin"])
def test_the_owners_people_and_outsiders_get_what_the_rules_say(scene, client, who):
    wrong = answers_that_are_wrong(scene, client, who)
    assert not wrong, told(wrong)


@pytest.mark.parametrize("level", ShareLevel.values)
def test_partners_get_what_their_level_grants(scene, client, level):
    wrong = answers_that_are_wrong(scene, client, f"{level} partner")
    assert not wrong, told(wrong)


def told(wrong: list[str]) -> str:
    """The wrong answers, one a line."""
    return "\n".join(wrong)


def answers_that_are_wrong(scene, client, who: str) -> list[str]:
    person, wrong = scene.people[who], []
    client.force_login(person)
    sees = may(person, PAGES["evaluation"].see, scene.world.evaluation)
    sees_plan = may(person, PAGES["plan"].see, scene.world.evaluation)
    for name, arguments, rule in guarded():
        path = address(scene, name, arguments, rule)
        for method in ("GET", "POST"):
            response = ask(client, method, path)
            right = expected(rule, scene.subjects.get(rule.about), person, method)
            if response.status_code not in right:
                wrong.append(f"{who}: {method} {path}: {response.status_code}, not {sorted(right)}")
            told = body_of(response)
            if (not sees and SECRET_TITLE in told) or (not sees_plan and SECRET_PLAN in told):
                wrong.append(f"{who}: {method} {path} gives a secret away")
    return wrong


def test_a_visitor_is_sent_to_sign_in_or_refused_everywhere(scene, client):
    wrong = []
    for name, arguments, rule in guarded():
        path = address(scene, name, arguments, rule)
        for method in ("GET", "POST"):
            response = ask(client, method, path)
            to_sign_in = response.status_code == 302 and response.url.startswith("/account/login/")
            if not to_sign_in and response.status_code not in (401, 403, 405):
                wrong.append(f"{method} {path}: {response.status_code}")
            if SECRET_TITLE in body_of(response):
                wrong.append(f"{method} {path} gives a secret away")
    assert not wrong, told(wrong)


def test_unusual_methods_change_nothing_and_break_nothing(scene, client):
    client.force_login(scene.people["stranger"])
    wrong = []
    for name, arguments, rule in guarded():
        path = address(scene, name, arguments, rule)
        for method in ("PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
            status = ask(client, method, path).status_code
            if status >= 500 or (method in ("PUT", "PATCH", "DELETE") and status in (200, 201, 204) and rule.see):
                wrong.append(f"{method} {path}: {status}")
    assert not wrong, told(wrong)
