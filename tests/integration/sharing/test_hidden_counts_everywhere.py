"""No outlet tells a count that disclosure control hid: pages, files, PDFs, feeds, search, letters and logs.

The policy hides counts under 200, so that every hidden count is a number that stands for nothing else, and can be
looked for as text wherever something leaves.
"""

import io
import json
import logging
import subprocess
from collections.abc import Iterator
from types import SimpleNamespace

import pandas as pd
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evaluations.datasets.actions import read_rows
from evaluations.disclosure.policy import Policy
from evaluations.runs.actions import claim, queue_run
from evaluations.runs.tasks import work_on
from evaluations.saved.actions.digests import send_digest
from evaluations.saved.actions.searches import save_search
from evaluations.saved.models import Frequency, SavedSearch
from evaluations.sharing import actions
from evaluations.sharing.actions.notices import new_feed_key, send_letters
from evaluations.sharing.models import Notice, Publication
from evaluations.workspaces.actions import set_policy
from evaluations.workspaces.models import Stage
from evidence.estimates.models import EffectEstimate
from evidence.search.exports import FORMATS
from evidence.search.models import SearchDocument
from tests.integration.access.test_matrix import scene  # noqa: F401  (a fixture)
from tests.integration.security.every_address import every_address
from tests.integration.sharing.conftest import answered_run
from tests.integration.sharing.test_disclosure import ABOUT_PEOPLE, PEOPLE, SPEC, is_told, people, words_of
from tests.workspace_records import make_dataset, make_evaluation, make_locked_plan, make_organisation, make_user

pytestmark = pytest.mark.django_db
SMALL, OTHERS, NEVER, PERIODS = 167, 1286, 1571, 6
TREATED, UNITS = SMALL + OTHERS, SMALL + OTHERS + NEVER
PEOPLE_COUNTED = (SMALL, OTHERS, NEVER, TREATED, UNITS)
SECRETS = (*PEOPLE_COUNTED, *(PERIODS * each for each in PEOPLE_COUNTED))
TABLES = ("sample", "event_study", "by_cohort", "by_period", "estimates", "att_gt", "specifications")
OF_THE_SITE = {"api:schema", "api:docs", "methods", "validation", "calculator", "credits", "worked-synthesis"}
"""Pages that are about no evaluation, and hold whatever numbers they hold."""
WITHOUT_ROWS, FEW = (
    ("viewer", "existence partner", "plan partner", "stranger", "editor"),
    ("visitor", "results partner"),
)


@pytest.fixture
def world(db, caplog):
    """Two organisations and an evaluation of people with a small cohort, run under a policy; its logs are kept."""
    caplog.set_level(logging.DEBUG)
    lead, analyst, partner = make_user("Lena"), make_user("Eva"), make_user("Pat")
    council, college = make_organisation(lead=lead, analyst=analyst), make_organisation(lead=partner)
    evaluation = make_evaluation(owner=council, by=analyst, **PEOPLE)
    set_policy(evaluation=evaluation, policy=Policy(min_count=200, round_to=50), reason="A small place.", by=lead)
    frame = people(SMALL, OTHERS, NEVER)
    dataset = make_dataset(evaluation=evaluation, by=analyst, frame=frame, rows_read=len(frame), **ABOUT_PEOPLE)
    plan = make_locked_plan(evaluation=evaluation, by=analyst, dataset=dataset, spec=SPEC)
    run = answered_run(plan, analyst)
    return SimpleNamespace(
        **{"lead": lead, "analyst": analyst, "partner": partner, "council": council, "college": college},
        **{"evaluation": evaluation, "dataset": dataset, "plan": plan, "run": run},
    )


@pytest.fixture
def published(scene):  # noqa: F811
    """The scene, public and searchable."""
    world = scene.world
    actions.change_stage(evaluation=world.evaluation, to_stage=Stage.PUBLIC, by=world.lead)
    call_command("rebuild_search", verbosity=0)
    scene.estimate = EffectEstimate.objects.get(
        pk=Publication.objects.get(run__evaluation=world.evaluation).estimate_id
    )
    return scene


def told_in(content: bytes, media_type: str) -> str:
    """Whatever a reader, a program or a spreadsheet would find in it, as words with spaces between the numbers."""
    kind = media_type.partition(";")[0]
    if kind == "application/pdf":
        made = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
        return made.stdout.decode()
    if kind.endswith("parquet"):
        return pd.read_parquet(io.BytesIO(content)).to_csv(sep=" ")
    if "spreadsheet" in kind:
        return " ".join(sheet.to_csv(sep=" ") for sheet in pd.read_excel(io.BytesIO(content), sheet_name=None).values())
    text = content.decode(errors="replace")
    if kind == "application/json":
        return json.dumps(json.loads(text))
    return words_of(text) if kind == "text/html" else text.replace(",", " ; ") if kind == "text/csv" else text


def secrets_in(text: str) -> list[int]:
    return [number for number in SECRETS if is_told(number, text)]


def outlets(scene) -> Iterator[tuple[str, str]]:  # noqa: F811
    """Every address of the router that is about something, and every file, feed and format beside them."""
    yield from ((name, path) for name, path in every_address(scene) if name not in OF_THE_SITE)
    pk, run, estimate = scene.world.evaluation.pk, scene.world.run.pk, scene.estimate
    slug = estimate.intervention.slug
    for part in TABLES:
        yield "numbers", f"/evaluations/{pk}/runs/{run}/numbers/{part}.csv"
        yield "a figure's table", f"{estimate.get_absolute_url()}?download={part}"
    for plural in ("interventions", "studies", "estimates"):
        yield from ((name, f"/{plural}/?download={name}") for name in FORMATS)
        yield from ((name, f"/{plural}/?format={name}") for name in FORMATS)
        yield from (("the whole catalogue", f"/data/{plural}.{ending}") for ending in ("csv", "parquet"))
        yield "a feed", f"/{plural}/feed/?search=hubs"
    yield "a search", "/?search=hubs"
    yield "a brief of several", f"/brief/?intervention={slug}&download=pdf"
    yield "a comparison", f"/compare/?intervention={slug}&download=csv"
    yield "the data-flow sheet as PDF", f"/evaluations/{pk}/data-flow/?download=pdf"


def leaks(scene, who: str) -> tuple[list[str], set[str]]:  # noqa: F811
    """What is told to someone without the right to rows, address by address; and which kinds of file were read."""
    client, found, kinds = Client(), [], set()
    if who != "visitor":
        client.force_login(scene.people[who])
    for name, path in outlets(scene):
        response = client.get(path)
        if response.status_code != 200:
            continue
        media_type = response.headers.get("Content-Type", "")
        content = b"".join(response.streaming_content) if response.streaming else response.content
        kinds.add(media_type.partition(";")[0])
        found += [f"{who}: {path} ({name}) tells {number}" for number in secrets_in(told_in(content, media_type))]
    return found, kinds


def test_no_address_feed_or_file_tells_a_hidden_count(published, full):
    read = set()
    for who in (*FEW, *(WITHOUT_ROWS if full else ())):
        found, kinds = leaks(published, who)
        assert found == [], "\n".join(found)
        read |= kinds
    for kind in ("text/html", "text/csv", "application/json", "application/pdf", "application/atom+xml"):
        assert kind in read, f"nothing of {kind} was read"
    assert {"application/x-research-info-systems", "application/vnd.apache.parquet"} <= read


def test_those_who_may_see_the_rows_do_find_them_so_the_walk_can(published, client):
    world = published.world
    client.force_login(world.analyst)
    page = client.get(f"/evaluations/{world.evaluation.pk}/data/{world.dataset.pk}/")
    assert PERIODS * UNITS in secrets_in(told_in(page.content, page.headers["Content-Type"]))
    assert secrets_in("n,1571\n".replace(",", " ; ")) == [NEVER] and secrets_in(json.dumps([2, SMALL])) == [SMALL]
    assert secrets_in("sha 1571ab, about 1,550 people, page 3/1571") == []


def test_the_search_index_and_the_letters_tell_none(published, mailoutbox):
    indexed = [" ".join(map(str, row)) for row in SearchDocument.objects.values_list()]
    assert len(indexed) >= 3 and secrets_in(" ".join(indexed)) == []
    world, partner = published.world, published.people["results partner"]
    search = save_search(name="Hubs", kind="estimate", query="", frequency=Frequency.DAILY, by=partner)
    SavedSearch.objects.filter(pk=search.pk).update(sent_keys=[], seen_keys=[])
    assert send_digest(search.pk)
    Notice.objects.update(mail_after=timezone.now())
    assert send_letters() >= 2
    for letter in mailoutbox:
        assert secrets_in(letter.message().as_string()) == [], letter.subject
    key, client = new_feed_key(by=world.lead), Client()
    feed = client.get(f"/notices/feed/{key}/")
    assert feed.content.count(b"<entry>") >= 2 and secrets_in(feed.content.decode()) == []
    found = client.get(f"/saved-searches/feed/{search.feed_token}/")
    assert found.content.count(b"<entry>") >= 1 and secrets_in(found.content.decode()) == []


def test_the_sheet_that_is_handed_on_tells_none_though_a_lead_prints_it(published, client):
    world = published.world
    client.force_login(world.lead)
    read_rows(dataset=world.dataset, by=world.analyst)
    for query in ({}, {"download": "pdf"}):
        sheet = client.get(reverse("data-flow", args=[world.evaluation.pk]), query)
        text = told_in(sheet.content, sheet.headers["Content-Type"])
        assert "10,000 or more, fewer than 100,000" in text and "all rows" in text
        assert secrets_in(text) == []


def test_no_log_and_no_reason_of_a_fault_tells_one(published, caplog, monkeypatch):
    def fails(result, policy, **_):
        logging.getLogger("evaluations").warning("about to fail")
        raise ValueError("no such thing")

    monkeypatch.setattr("evaluations.runs.tasks.protect_people", fails)
    run = queue_run(plan=published.world.plan, by=published.world.analyst)
    with pytest.raises(ValueError, match="no such thing"):
        work_on(claim(run_id=run.pk, worker="test"))
    run.refresh_from_db()
    assert run.state == "failed" and secrets_in(run.reason) == []
    formatter = logging.Formatter()
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    assert records and secrets_in(" ".join(formatter.format(each) for each in records)) == []
