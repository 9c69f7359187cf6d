"""Every address of the router, filled in with the scene's own records."""

from collections.abc import Iterator

from django.urls import reverse

from tests.integration.access.rules import PUBLIC
from tests.integration.access.test_matrix import address, routes, rule_for

ELSEWHERE = {"key": "1:abc", "uidb36": "1", "code": "E08000003", "provider_id": "x", "ending": "csv", "format": "json"}


def every_address(scene) -> Iterator[tuple[str, str]]:
    """The name and the path of each route."""
    for name, arguments in sorted(routes()):
        rule = rule_for(name)
        if rule is not None and rule.about != PUBLIC:
            yield name, address(scene, name, arguments, rule)
        else:
            yield name, reverse(name, kwargs={each: _value(scene, name, each) for each in arguments})


def _value(scene, name: str, argument: str):
    if argument == "name" and "data-file" in name:
        return "interventions"
    if argument == "slug":
        return _slug(scene, name)
    estimate = scene.world.evaluation.runs.values_list("publications__estimate", flat=True)
    known = {"pk": max(each or 0 for each in estimate), **ELSEWHERE}
    return known.get(argument, scene.named.get(argument, 1))


def _slug(scene, name: str) -> str:
    about = scene.world.evaluation.outcome if "outcome" in name else scene.world.evaluation.intervention
    return about.slug
