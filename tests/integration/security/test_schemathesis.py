"""The whole OpenAPI description, fuzzed as everyone: no fault of ours, no undocumented answer, nothing of others."""

import json
from functools import lru_cache
from traceback import format_exception

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from evaluations.organisations.tokens import create_token
from tests.integration.security.conftest import CANARY
from tests.workspace_records import make_user

pytestmark = pytest.mark.django_db
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
WHO = [
    *("anonymous", "viewer", "analyst", "lead", "admin", "existence partner", "plan partner", "results partner"),
    *("rows partner", "stranger", "former member", "editor"),
]
REDUCED, WHOLE = 2, 60
NAMED = ("evaluation", "dataset", "sites", "plan", "run")


@lru_cache(maxsize=1)
def description() -> schemathesis.BaseSchema:
    """The description as programs fetch it, over the site itself."""
    raw = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))
    schema = schemathesis.openapi.from_dict(raw)
    schema.app = get_wsgi_application()
    return schema


def operations() -> list:
    return [found.ok() for found in description().get_all_operations()]


def headers_of(scene, who: str) -> dict[str, str]:
    if who == "anonymous":
        return {}
    person = make_user("editor") if who == "editor" else scene.people[who]
    if who == "editor":
        person.is_staff = True
        person.save()
    _, key = create_token(user=person, name="fuzz", by=person)
    return {"Authorization": f"Token {key}"}


def real_rows(scene, foreign) -> dict[str, list]:
    """Rows that exist, the viewer's own and others', for the places where an address or a body names one."""
    world = scene.world
    return {
        "evaluations": [world.evaluation.pk, foreign.evaluation.pk],
        "datasets": [world.dataset.pk, foreign.dataset.pk],
        "plans": [world.plan.pk, foreign.plan.pk],
        "runs": [world.run.pk, foreign.run.pk],
        "reviews": [scene.waiting.pk, foreign.review.pk],
        "organisations": [world.council.slug, foreign.organisation.slug],
        "interventions": [world.evaluation.intervention.slug, foreign.intervention.slug],
        "outcomes": [world.evaluation.outcome.slug, foreign.evaluation.outcome.slug],
        "estimates": list(world.evaluation.runs.values_list("publications__estimate", flat=True))[-2:],
        "tokens": [1, 2],
    }


def name_real_rows(draw, case, rows) -> None:
    """Half the time let the case name rows that exist, or hardly any would be found."""
    if not draw(st.booleans()):
        return
    kind = case.path.split("/")[3]
    for name in case.path_parameters or {}:
        case.path_parameters[name] = draw(st.sampled_from([each for each in rows.get(kind, [1]) if each] or [1]))
    if isinstance(case.body, dict):
        for name in NAMED:
            if name in case.body:
                several = rows["datasets" if name == "sites" else f"{name}s"]
                case.body[name] = draw(st.sampled_from(several))


def fuzz(operation, rows, headers, examples: int) -> None:
    """Ask the operation as everyone; raises with the first wrong answer in its shortest form."""

    @settings(max_examples=examples, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(data=st.data(), case=operation.as_strategy())
    def ask(data, case):
        name_real_rows(data.draw, case, rows)
        for who, sent_headers in headers.items():
            cache.clear()
            with transaction.atomic():
                response = case.call(headers=sent_headers)
                transaction.set_rollback(True)
            case.validate_response(response, checks=CHECKS)
            sent = json.dumps([case.body if isinstance(case.body, dict | list | str) else "", case.query], default=str)
            if who == "editor" and "/interventions/" in case.path:
                continue  # editors see the catalogue's drafts: that is their work
            assert CANARY.lower() not in response.text.lower() or CANARY.lower() in sent.lower(), (who, response.text)

    ask()


@pytest.fixture
def _connection_stays():
    """Keep the test's own connection open between requests, as Django's test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("_connection_stays")
def test_no_operation_breaks_surprises_or_tells_of_others(scene, foreign, full):
    rows, wrong = real_rows(scene, foreign), []
    headers = {who: headers_of(scene, who) for who in WHO}
    for operation in operations():
        try:
            fuzz(operation, rows, headers, WHOLE if full else REDUCED)
        except (AssertionError, BaseExceptionGroup, schemathesis.errors.SchemathesisError) as problem:
            wrong.append(f"{operation.method} {operation.path}: {''.join(format_exception(problem))[-1800:]}")
    assert not wrong, "\n\n".join(wrong)


def test_the_canary_sings_for_its_own_people(foreign, client):
    """Or the fuzzing would show nothing."""
    client.force_login(foreign.lead)
    for kind, row in (("evaluations", foreign.evaluation), ("datasets", foreign.dataset), ("reviews", foreign.review)):
        assert CANARY in client.get(f"/api/v1/{kind}/{row.pk}/").content.decode()
