"""The editors' pages: a form keeps what was typed, names what is wrong, and leads to a proposal."""

import pytest
from django.core import mail
from django.test import override_settings

from evaluations.editing.importing import COLUMNS
from evaluations.editing.models import Change, ChangeState, Suggestion
from evaluations.editing.record_forms import RecordForm
from evaluations.editing.records import values_of
from evaluations.editing.views.suggestions import SuggestionThrottle
from evidence.catalogue.models import Source
from evidence.estimates.models import EffectEstimate
from evidence.ratings.models import Rating
from evidence.ratings.schemes import scheme
from tests.workspace_records import make_user

pytestmark = pytest.mark.django_db


def posted_values(kind, row) -> dict:
    """What a browser would send for a record's form as it stands."""
    form = RecordForm(kind, values=values_of(kind, row), button="x")
    return {name: "" if form.get_initial_for_field(field, name) is None else form.get_initial_for_field(field, name)
            for name, field in form.fields.items()}  # fmt: skip


def test_everyone_but_editors_finds_nothing(client, hubs):
    for address in ("/editing/", "/editing/interventions/new/", "/editing/import/", "/editing/sources/"):
        assert client.get(address)["Location"].startswith("/account/login/")
    client.force_login(make_user())
    for address in ("/editing/", f"/editing/interventions/{hubs.pk}/", "/editing/import/estimates.csv"):
        assert client.get(address).status_code == 404


def test_an_editor_proposes_a_change_on_the_form_and_another_publishes_it(client, hubs, source, editor, second):
    client.force_login(editor)
    data = posted_values("intervention", hubs) | {
        "summary": "New words.", "sources": "a REPORT", "key_facts": "One\n\nTwo", "reason": "A report.",
        "kind": "Hub", "losers_examined": "not_examined",
    }  # fmt: skip
    answer = client.post(f"/editing/interventions/{hubs.pk}/", data)
    change = Change.objects.get()
    assert answer["Location"] == f"/editing/changes/{change.pk}/"
    assert change.after["summary"] == "New words."
    assert change.after["sources"] == ["report-1"]
    assert change.after["key_facts"] == ["One", "Two"]
    page = client.get(f"/editing/changes/{change.pk}/").content.decode()
    assert "Take it back" in page
    assert "What do you decide?" not in page
    client.force_login(second)
    assert f"/editing/changes/{change.pk}/" in client.get("/editing/").content.decode()
    assert (
        "Say what should be different"
        in client.post(f"/editing/changes/{change.pk}/", {"decision": "send_back", "note": ""}).content.decode()
    )
    client.post(f"/editing/changes/{change.pk}/", {"decision": "publish"})
    hubs.refresh_from_db()
    assert hubs.summary == "New words."


def test_a_name_that_is_not_known_is_named_and_what_was_typed_is_kept(client, hubs, editor):
    client.force_login(editor)
    data = posted_values("intervention", hubs) | {"sources": "No such report", "summary": "Kept words", "reason": "x"}
    page = client.post(f"/editing/interventions/{hubs.pk}/", data).content.decode()
    assert "There is no source called “No such report”" in page
    assert "Kept words" in page
    assert not Change.objects.exists()


def test_a_change_sent_back_is_proposed_again_from_what_it_said(client, hubs, editor, second):
    client.force_login(editor)
    client.post(
        f"/editing/interventions/{hubs.pk}/",
        posted_values("intervention", hubs) | {"summary": "Draft words", "reason": "x", "kind": "Hub"},
    )
    change = Change.objects.get()
    client.force_login(second)
    client.post(f"/editing/changes/{change.pk}/", {"decision": "send_back", "note": "Shorter."})
    client.force_login(editor)
    page = client.get(f"/editing/changes/{change.pk}/").content.decode()
    assert "Shorter." in page
    assert "Propose it again" in page
    assert "Draft words" in client.get(f"/editing/interventions/{hubs.pk}/?from={change.pk}").content.decode()


def upload(client, text: str, name="rows.csv"):
    from django.core.files.uploadedfile import SimpleUploadedFile

    return client.post(
        "/editing/import/", {"file": SimpleUploadedFile(name, text.encode(), "text/csv"), "reason": "A review."}
    )


@pytest.mark.parametrize("kind", list(COLUMNS))
def test_each_template_passes_as_it_is_and_its_example_is_never_imported(client, study, outcome, editor, kind):
    client.force_login(editor)
    template = client.get(f"/editing/import/{kind}.csv").content.decode("utf-8-sig")
    assert len(template.splitlines()) == 2
    answer = upload(client, template)
    change = Change.objects.get()
    assert answer.status_code == 302
    page = client.get(f"/editing/changes/{change.pk}/").content.decode()
    assert "example row was checked and left out" in page
    assert "Propose these rows" not in page


def row_of(template: str, **changes) -> str:
    header, example = (line.split(",") for line in template.splitlines())
    assert not [cell for cell in example if '"' in cell]
    return ",".join((dict(zip(header, example, strict=True)) | changes)[name] for name in header)


def estimates_file(client, *changes: dict) -> str:
    import csv
    import io

    template = client.get("/editing/import/estimates.csv").content.decode("utf-8-sig")
    (example,) = csv.DictReader(io.StringIO(template))
    out = io.StringIO()
    writer = csv.DictWriter(out, list(example))
    writer.writeheader()
    for change in changes:
        writer.writerow(example | change)
    return out.getvalue()


def test_bad_rows_import_nothing_and_every_problem_has_row_column_and_cure(client, study, outcome, editor):
    client.force_login(editor)
    bad = estimates_file(
        client,
        {"code": "new-1"},
        {"code": "new-2", "value": "about two", "outcome": "no-such"},
        {"code": "new-3", "std_error": "-1"},
        {"code": "new-4", "kind": "causal", "value": ""},
        {"code": "new-4"},
    )
    answer = upload(client, bad)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert not Change.objects.exists()
    for said in (
        "Row 3, column “value”", "is not a number", "Row 3, column “outcome”", "Check the code, or add what it names.",
        "Row 4, column “std_error”", "Row 5, column “value”", "Row 6, column “code”", "Nothing was imported",
    ):  # fmt: skip
        assert said in page, said
    assert "A review." in page


def test_good_rows_are_shown_then_proposed_then_published_whole(client, study, outcome, editor, second):
    client.force_login(editor)
    upload(client, estimates_file(client, {"code": "new-1"}, {"code": "new-2", "value": "-0.4"}))
    change = Change.objects.get()
    assert change.state == ChangeState.PREPARED
    page = client.get(f"/editing/changes/{change.pk}/").content.decode()
    assert "new-2" in page
    assert "2 rows without a problem" in page
    client.force_login(second)
    assert client.get(f"/editing/changes/{change.pk}/").status_code == 404
    client.force_login(editor)
    client.post(f"/editing/changes/{change.pk}/propose/")
    assert not EffectEstimate.objects.exists()
    client.force_login(second)
    client.post(f"/editing/changes/{change.pk}/", {"decision": "publish"})
    assert sorted(EffectEstimate.objects.values_list("code", "value")) == [("new-1", 2.1), ("new-2", -0.4)]
    assert set(EffectEstimate.objects.values_list("visibility", flat=True)) == {"public"}
    client.force_login(editor)
    again = upload(client, estimates_file(client, {"code": "new-1"}))
    assert "is in the catalogue already" in again.content.decode()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00a", b"a,b\n1,2\n", b'code,title\n"open,1\n', b"x" * 2_200_000])
def test_a_file_that_is_not_ours_is_refused_in_words(client, editor, content):
    from django.core.files.uploadedfile import SimpleUploadedFile

    client.force_login(editor)
    answer = client.post("/editing/import/", {"file": SimpleUploadedFile("x.csv", content), "reason": "r"})
    assert answer.status_code in (200, 422)
    assert "Error: " in answer.content.decode()
    assert not Source.objects.exists()


def suggest(client, **fields):
    said = {"page": "/interventions/hubs/", "text": "The start year is wrong.", "website": ""} | fields
    return client.post("/suggest/", said)


def test_anyone_suggests_a_correction_and_reads_the_answer(client, hubs, editor, mailoutbox):
    answer = suggest(client, email="reader@example.org")
    suggestion = Suggestion.objects.get()
    assert answer["Location"] == f"/suggest/{suggestion.token}/"
    assert "The editors have it." in client.get(answer["Location"]).content.decode()
    assert "start year" not in client.get("/interventions/hubs/changes/").content.decode()
    client.force_login(editor)
    assert f"/editing/suggestions/{suggestion.pk}/" in client.get("/editing/").content.decode()
    page = client.get(f"/editing/suggestions/{suggestion.pk}/").content.decode()
    assert f"/editing/interventions/{hubs.pk}/?suggestion={suggestion.pk}" in page


def test_the_answer_is_sent_and_the_address_erased(client, hubs, editor, django_capture_on_commit_callbacks):
    suggest(client, email="reader@example.org")
    suggestion = Suggestion.objects.get()
    client.force_login(editor)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"/editing/suggestions/{suggestion.pk}/", {"state": "taken_up", "answer": "Mended, thank you."})
    suggestion.refresh_from_db()
    assert (suggestion.state, suggestion.email) == ("taken_up", "")
    (letter,) = mail.outbox
    assert letter.to == ["reader@example.org"]
    assert "Mended, thank you." in letter.body
    assert suggestion.token in letter.body
    client.logout()
    assert "Mended, thank you." in client.get(f"/suggest/{suggestion.token}/").content.decode()
    assert client.get("/suggest/no-such-token/").status_code == 404


def test_what_a_program_fills_in_goes_nowhere(client):
    assert suggest(client, website="http://spam.example").status_code == 200
    assert not Suggestion.objects.exists()


def test_one_address_suggests_so_often_and_no_more(client, monkeypatch):
    monkeypatch.setattr(SuggestionThrottle, "rate", "2/hour")
    assert [suggest(client).status_code for _ in range(3)] == [302, 302, 429]
    assert Suggestion.objects.count() == 2
    assert client.get("/suggest/").status_code == 200


def test_a_suggestion_names_only_pages_of_this_site(client):
    suggest(client, page="https://elsewhere.example/")
    suggest(client, page="//elsewhere.example/")
    assert set(Suggestion.objects.values_list("page", flat=True)) == {""}


def test_a_reviewer_confirms_a_rating_under_their_name_and_everyone_reads_it(client, study, editor):
    client.force_login(editor)
    address = f"/studies/{study.pk}/ratings/maryland_sms/"
    proposed = client.get(address).content.decode()
    assert "Proposed: 3" in proposed or "Proposed: 2" in proposed
    refused = client.post(address, {"value": "5", "reason": ""})
    assert "This differs from the proposal. Say why." in refused.content.decode()
    client.post(address, {"value": "5", "reason": "It was a trial after all."})
    client.logout()
    page = client.get(f"/studies/{study.pk}/ratings/").content.decode()
    for said in ("Edda Editor", "It was a trial after all.", "5"):
        assert said in page
    assert "Edda Editor" in client.get(f"/studies/{study.pk}/").content.decode()
    assert "It was a trial after all." in client.get(f"/studies/{study.pk}/changes/").content.decode()
    assert client.get(address)["Location"].startswith("/account/login/")


def test_risk_of_bias_is_judged_by_domain_and_the_whole_is_no_better_than_the_worst(client, study, editor):
    client.force_login(editor)
    domains = scheme("robins_i").domains
    assert len(domains) == 7
    address = f"/studies/{study.pk}/ratings/robins_i/"
    said = {f"domain_{place}": "low" for place in range(7)} | {"domain_0": "serious", "note_0": "No baseline."}
    assert "Judge confounding" in client.post(address, {"value": "low", "reason": "x"}).content.decode()
    better = client.post(address, said | {"value": "moderate", "reason": "x"}).content.decode()
    assert "The whole is at least as bad as it." in better
    assert not Rating.objects.exists()
    client.post(address, said | {"value": "serious", "reason": "No baseline."})
    assert Rating.objects.get().notes == {"confounding": "No baseline."}
    page = client.get(f"/studies/{study.pk}/").content.decode()
    assert "confounding: serious" in page
    assert "No baseline." in page


def test_a_programme_is_rated_on_its_own_page(client, study, hubs, editor):
    client.force_login(editor)
    address = f"{hubs.get_absolute_url()}ratings/nesta/"
    assert client.get(address).status_code == 200
    client.post(address, {"value": "not_rated", "reason": "Too early to say."})
    assert Rating.objects.get().value == ""
    assert "Too early to say." in client.get(f"{hubs.get_absolute_url()}ratings/").content.decode()
    assert client.get(f"{hubs.get_absolute_url()}ratings/maryland_sms/").status_code == 404


@override_settings(SITE_URL="https://uplift.example")
def test_an_estimate_says_how_to_cite_this_version(client, study, log):
    row = log(study)
    assert f"https://uplift.example/estimates/{row.pk}/" in client.get(f"/estimates/{row.pk}/").content.decode()
