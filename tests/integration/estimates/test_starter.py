"""The starter catalogue: what it holds, and what a bad file is told."""

import csv
import io
import shutil

import pytest
from django.core.management import CommandError, call_command

from evidence.catalogue.issues import CatalogueRefused
from evidence.catalogue.models import Intervention, InterventionNote, Outcome, Source, Study, TargetGroup
from evidence.estimates.models import EffectEstimate
from evidence.estimates.starter.store import load_starter
from evidence.management.commands.load_catalogue import STARTER
from evidence.places.models import Place, PlaceFigure

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded(db):
    return load_starter(STARTER)


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(STARTER, tmp_path / "starter")


def test_it_holds_every_intervention_group_outcome_source_and_authority(loaded):
    assert Intervention.objects.count() == 61
    assert (TargetGroup.objects.count(), Outcome.objects.count(), Source.objects.count()) == (44, 58, 135)
    assert Place.objects.filter(kind="upper_tier_authority").count() == 218
    assert PlaceFigure.objects.count() == 218 * 6
    assert EffectEstimate.objects.count() == 92


def test_loading_twice_changes_nothing(loaded):
    before = list(EffectEstimate.objects.values_list("pk", "logged_at"))
    again = load_starter(STARTER)
    assert all(added == 0 for added, _ in again.values())
    assert list(EffectEstimate.objects.values_list("pk", "logged_at")) == before


def test_an_editors_change_survives_loading_again(loaded):
    Intervention.objects.filter(slug="sure-start").update(summary="Edited.")
    load_starter(STARTER)
    assert Intervention.objects.get(slug="sure-start").summary == "Edited."


def test_only_four_causal_estimates_carry_a_published_standard_error(loaded):
    codes = EffectEstimate.objects.poolable().values_list("code", flat=True)
    assert sorted(codes) == ["E-MTO-01", "E-MTO-02", "E-MTO-03", "E-MTO-04"]


def test_our_own_standard_error_is_kept_apart_from_published_ones(loaded):
    row = EffectEstimate.objects.get(code="E-RR-01")
    assert (row.std_error, row.derived_std_error) == (None, 6.53)


def test_working_wells_46_per_cent_is_a_raw_rate(loaded):
    row = EffectEstimate.objects.get(code="E-WW-01")
    assert (row.estimate_kind, row.is_effect, row.value) == ("descriptive", False, 46.0)


def test_no_effect_found_is_not_zero(loaded):
    nulls = EffectEstimate.objects.filter(estimate_kind="null")
    assert nulls.count() == 7
    assert not nulls.filter(value__isnull=False).exists()
    assert not nulls.filter(reported_words="").exists()


def test_the_five_conflicts_are_notes(loaded):
    conflicts = InterventionNote.objects.filter(kind="conflict")
    slugs = set(conflicts.values_list("intervention__slug", flat=True))
    assert {
        "raising-the-participation-age",
        "working-well-work-and-health-programme",
        "sure-start",
        "magic-breakfast",
        "london-challenge",
    } <= slugs
    assert conflicts.filter(intervention__slug="sure-start").count() == 2


def test_gaps_are_studies_that_say_who_says_so(loaded):
    gaps = Study.objects.filter(status="never_evaluated")
    assert {"its-childs-play", "greater-manchester-baccalaureate", "gcse-resits-condition-of-funding"} <= set(
        gaps.values_list("intervention__slug", flat=True)
    )
    assert not EffectEstimate.objects.filter(study__in=gaps).exists()


def test_every_authority_lies_within_a_region_or_nation(loaded):
    assert not Place.objects.filter(kind="upper_tier_authority", parent__isnull=True).exists()
    assert Place.objects.get(code="E08000003").combined_authority.name == "Greater Manchester"
    assert Place.objects.get(name="Barnsley", kind="upper_tier_authority").changes.get().previous_code == "E08000016"


@pytest.fixture
def facts(shared_data):
    def rows(name):
        with (shared_data.parent / "facts" / name).open(encoding="utf-8") as file:
            return list(csv.DictReader(file))

    return rows


def test_every_fact_about_an_estimate_is_as_compiled(loaded, facts):
    rows = {row.code: row for row in EffectEstimate.objects.select_related("intervention", "outcome", "source")}
    for fact in facts("estimates.csv"):
        row = rows.pop(fact["estimate_id"])
        assert row.estimate_kind == fact["estimate_kind"]
        assert row.value == (float(fact["effect"]) if fact["effect"] else None)
        assert row.std_error == (float(fact["se"]) if fact["se"] else None)
        assert (row.intervention.code, row.outcome.code, row.source.code) == (
            fact["intervention_id"],
            fact["outcome_id"],
            fact["source_id"],
        )
    assert not rows


def test_every_figure_on_an_authority_is_as_compiled(loaded, facts):
    figures = {(f.place.code, f.measure.code): f.value for f in PlaceFigure.objects.select_related("place", "measure")}
    measures = {code for _, code in figures}
    for fact in facts("places.csv"):
        assert {m: figures[fact["code"], m] for m in measures} == {m: float(fact[m]) for m in measures}


def test_every_problem_of_every_file_is_told_at_once_and_nothing_is_stored(folder):
    (folder / "sources.csv").write_text((folder / "sources.csv").read_text() + "S-NEW,,,,,\n")
    estimates = (folder / "estimates.csv").read_text().splitlines()
    estimates[1] = estimates[1].replace(",0.8,", ",high,").replace("O-GCSE-POINTS", "O-NOWHERE")
    estimates[2] += ",one cell too many"
    estimates.append(estimates[3])
    (folder / "estimates.csv").write_text("\n".join(estimates))
    (folder / "studies.csv").unlink()
    with pytest.raises(CatalogueRefused) as refused:
        load_starter(folder)
    told = {(issue.file, issue.row, issue.code) for issue in refused.value.issues}
    assert {
        ("sources.csv", 137, "empty"),
        ("studies.csv", None, "file_missing"),
        ("estimates.csv", 2, "not_a_number"),
        ("estimates.csv", 2, "unknown_code"),
        ("estimates.csv", 3, "ragged_row"),
        ("estimates.csv", 94, "repeated"),
    } <= told
    assert not Source.objects.exists()


def test_what_the_ledger_refuses_is_told_by_row(folder):
    text = (folder / "estimates.csv").read_text()
    lines = text.splitlines()
    lines[1] = lines[1].replace(",causal,", ",qualitative,")
    (folder / "estimates.csv").write_text("\n".join(lines))
    with pytest.raises(CatalogueRefused) as refused:
        load_starter(folder)
    (issue,) = refused.value.issues
    assert (issue.code, issue.file, issue.row) == ("direction_with_value", "estimates.csv", 2)
    assert not Intervention.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("sources.csv", b"\xff\xfe\x00", "not_utf8"),
        ("sources.csv", b"code,title\n", "column_missing"),
        ("sources.csv", b'code,title,authors,publisher,published,url\nA,"open', "not_csv"),
        ("interventions.toml", b"[[intervention", "not_toml"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(folder, name, content, code):
    (folder / name).write_bytes(content)
    with pytest.raises(CatalogueRefused) as refused:
        load_starter(folder)
    assert (name, code) in {(issue.file, issue.code) for issue in refused.value.issues}


def test_the_command_lists_the_problems_and_fails(folder):
    (folder / "studies.csv").unlink()
    errors = io.StringIO()
    with pytest.raises(CommandError, match="Nothing was loaded"):
        call_command("load_catalogue", folder=folder, stderr=errors)
    assert "studies.csv is not in starter" in errors.getvalue()
