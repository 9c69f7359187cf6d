"""What someone wrote is shown as text, wherever it is shown: in pages, feeds, pictures, tables and letters."""

import csv
import io

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.test import Client

from evaluations.guards import take_down_guards
from evaluations.organisations.invitations import invite_member
from evaluations.organisations.models import Role
from evaluations.plans.models import AnalysisPlan
from evaluations.sharing import actions
from evaluations.sharing.models import Publication
from evaluations.workspaces.models import Evaluation, Stage, StageChange
from evidence.estimates.ledger import drop_guards
from evidence.estimates.models import EffectEstimate
from tests.integration.access.test_matrix import ask
from tests.integration.security.every_address import every_address
from tests.workspace_records import make_intervention

pytestmark = pytest.mark.django_db
SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
LINK = "javascript:alert(3)"
BREAKS = ("<script>alert(1)", "<img src=x", "onerror=alert(2)>", 'href="javascript:', "href='javascript:")
OURS = {
    *("slug", "code", "username", "email", "password", "prefix", "name_key", "storage_path", "verb", "subject_kind"),
    *("subject_id", "run_reference", "evaluation_reference", "term", "method", "estimator", "engine_version", "scheme"),
    *("scheme_version", "reason_code", "worker", "example_key", "standing_rule_version", "official_code", "kind"),
    *("standard_scale", "country", "kind_of_place", "authority_code", "derived_std_error_method", "evidence_grade"),
    *("object_id", "key", "vocabulary", "key_text"),
}
"""Text that only the site itself writes, as codes it looks things up by."""
NOT_SHOWN = ("application/json", "application/pdf", "text/csv", "application/vnd.oai.openapi")
SEARCHED = ("searchdocument", "searchword", "document")


def text_fields(model) -> list[models.Field]:
    """The fields of a model in which a person may write something."""
    return [
        field
        for field in model._meta.local_fields
        if isinstance(field, models.CharField | models.TextField)
        and not field.choices
        and not field.primary_key
        and field.name not in OURS
        and "sha256" not in field.name
        and not isinstance(field, models.SlugField | models.EmailField)
    ]


def plant() -> list[str]:
    """Write a script into every text of every record; which fields took it."""
    planted = []
    for model in (*apps.get_app_config("evaluations").get_models(), *apps.get_app_config("evidence").get_models()):
        if model._meta.model_name.startswith(("historical", *SEARCHED)):
            continue
        for field in text_fields(model):
            for row in model.objects.values_list("pk", flat=True):
                text = LINK if isinstance(field, models.URLField) else f"{SCRIPT}{row}"
                if len(text) <= (field.max_length or 10_000) and _wrote(model, row, {field.name: text}):
                    planted.append(f"{model._meta.label}.{field.name}")
    _wrote(EffectEstimate, None, {"differences": [SCRIPT], "answers": [{"question": SCRIPT, "answer": SCRIPT}]})
    _wrote(EffectEstimate, None, {"standing_reasons": [SCRIPT]})
    _wrote(Publication, None, {"differences": [SCRIPT]})
    _wrote(StageChange, None, {"made_visible": [{"who": SCRIPT, "what": SCRIPT}]})
    return planted


def _wrote(model, row, values) -> bool:
    rows = models.QuerySet(model) if row is None else models.QuerySet(model).filter(pk=row)
    try:
        with transaction.atomic():
            return bool(rows.update(**values))
    except IntegrityError:  # a rule of the database keeps this text out of this row
        return False


@pytest.fixture
def planted(scene):
    """The scene, everything in it a script."""
    actions.change_stage(evaluation=scene.world.evaluation, to_stage=Stage.PUBLIC, by=scene.world.lead)
    take_down_guards()
    drop_guards(connection)
    fields = plant()
    call_command("rebuild_search", verbosity=0)
    return fields


def test_a_script_in_any_text_is_shown_as_text_at_every_address(scene, planted):
    assert len(set(planted)) > 40
    wrong = []
    for who, least in (("visitor", 3), ("admin", 15), ("rows partner", 10)):
        client, shown = Client(), 0
        if who != "visitor":
            client.force_login(scene.people[who])
        for name, path in every_address(scene):
            told, problems = what_is_told(client, name, path)
            shown += "alert(1)" in told
            wrong += problems
        assert shown > least, f"hardly any page shows a {who} what was planted"
    assert not wrong, "\n".join(wrong)


def what_is_told(client, name: str, path: str) -> tuple[str, list[str]]:
    """What a browser would show of an address, and what in it would run."""
    response = ask(client, "GET", path)
    if response.status_code >= 500:
        return "", [f"{path}: {response.status_code}"]
    if response.streaming or response.headers.get("Content-Type", "").partition(";")[0] in NOT_SHOWN:
        return "", []
    told = response.content.decode(errors="replace")
    return told, [f"{path} ({name}) holds {part}" for part in BREAKS if part in told]


FORMULAS = ["=HYPERLINK(1)", "+1+cmd|x", "-1+cmd|x", "@SUM(A1)", "\t=1+1", "\r=1+1"]


def test_no_table_that_is_downloaded_starts_a_formula(scene, client):
    client.force_login(scene.people["admin"])
    take_down_guards()
    drop_guards(connection)
    for formula in FORMULAS:
        assert cells_with(formula, scene.world, client) >= 2, formula


def cells_with(formula: str, world, client) -> int:
    """How many downloads hold the formula written into every text; fails where a cell starts with it."""
    Evaluation.objects.filter(pk=world.evaluation.pk).update(title=formula, purpose=formula)
    AnalysisPlan.objects.filter(evaluation=world.evaluation).update(comparator_justification=formula)
    models.QuerySet(EffectEstimate).update(population=formula, notes=formula, comparison=formula)
    type(world.lead).objects.update(full_name=formula)
    make_intervention(name=formula)
    call_command("rebuild_search", verbosity=0)
    pk = world.evaluation.pk
    found = 0
    for path in (
        f"/evaluations/{pk}/audit/?download=csv",
        f"/account/organisations/{world.council.pk}/audit.csv",
        f"/evaluations/{pk}/runs/{world.run.pk}/numbers/estimates.csv",
        *(f"/{kind}/?download=csv" for kind in ("interventions", "estimates", "studies")),
        *(f"/{kind}/?format=csv" for kind in ("interventions", "estimates", "studies")),
        "/data/interventions.csv",
        "/data/estimates.csv",
    ):
        response = client.get(path)
        if not response.headers.get("Content-Type", "").startswith("text/csv"):
            continue
        body = b"".join(response.streaming_content) if response.streaming else response.content
        rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
        cells = [cell for row in rows for cell in row]
        assert not [cell for cell in cells if cell == formula], path
        found += any(formula.strip() in cell for cell in cells)
    return found


def test_the_name_in_a_letter_adds_no_header_and_no_second_recipient(
    scene, mailoutbox, django_capture_on_commit_callbacks
):
    admin = scene.people["admin"]
    type(admin).objects.filter(pk=admin.pk).update(full_name="Ada\nBcc: thief@evil.example")
    type(scene.world.council).objects.filter(pk=scene.world.council.pk).update(name="C\r\nBcc: thief@evil.example")
    admin.refresh_from_db()
    scene.world.council.refresh_from_db()
    with django_capture_on_commit_callbacks(execute=True):
        invite_member(
            organisation=scene.world.council, email="new@example.org", role=Role.VIEWER, by=admin, site_url="https://u"
        )
    (letter,) = mailoutbox
    assert letter.recipients() == ["new@example.org"]
    head = letter.message().as_string().partition("\n\n")[0]
    assert "\nBcc:" not in head and "thief" not in [each.lower() for each in letter.message().keys()]  # noqa: SIM118
