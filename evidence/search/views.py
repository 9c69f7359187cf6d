"""The start page, the lists, and the pages of places, outcomes and target groups."""

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from evidence.catalogue.models import Intervention, Study, StudyStatus
from evidence.catalogue.queries import outcomes_known, target_groups_known
from evidence.estimates.models import EffectEstimate, EstimateKind
from evidence.estimates.presenters import grouped
from evidence.estimates.queries import estimates_listed_for
from evidence.places.queries import place_by_code, places_around, places_known, places_within
from evidence.search.models import DocumentKind
from evidence.search.presenters import how_read, results
from evidence.search.queries import find, read_criteria, rows_in_order

ON_A_PAGE = 20
EXAMPLE_SEARCHES = (
    "young people not in work",
    "free school meals",
    "childcare",
    "apprenticeships",
    "going to university",
)


def start(request: HttpRequest) -> HttpResponse:
    """What the catalogue holds, and a way in."""
    estimates = estimates_listed_for(request.user)
    counts = {
        "interventions": Intervention.objects.visible_to(request.user).count(),
        "estimates": estimates.count(),
        "effects": estimates.filter(estimate_kind=EstimateKind.CAUSAL).count(),
        "poolable": EffectEstimate.objects.poolable().count(),
        "gaps": Study.objects.visible_to(request.user).filter(status=StudyStatus.NEVER_EVALUATED).count(),
    }
    return render(request, "search/start.html", {"counts": counts, "example_searches": EXAMPLE_SEARCHES})


def interventions(request: HttpRequest) -> HttpResponse:
    """Interventions that match the words and the filters."""
    return _list(request, DocumentKind.INTERVENTION)


def studies(request: HttpRequest) -> HttpResponse:
    """Studies that match the words and the filters."""
    return _list(request, DocumentKind.STUDY)


def estimates(request: HttpRequest) -> HttpResponse:
    """Estimates that match the words and the filters."""
    return _list(request, DocumentKind.ESTIMATE)


def _list(request: HttpRequest, kind: str) -> HttpResponse:
    criteria = read_criteria(request.GET, kind)
    found = find(request.user, kind, criteria)
    page = Paginator(found.keys, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "kind": kind,
        "criteria": criteria,
        "found": found,
        "page": page,
        "results": results(rows_in_order(request.user, kind, page.object_list), kind),
        "notes": how_read(criteria, found),
        "action": request.path,
        "lists": _other_lists(request, kind),
    }
    return render(request, "search/list.html", context)


def _other_lists(request: HttpRequest, kind: str) -> list[dict]:
    """The three lists, each with the words of this one."""
    words = request.GET.copy()
    kept = {"search": words["search"]} if words.get("search") else {}
    return [
        {
            "label": each.label,
            "href": reverse(f"{each.value}s" if each != DocumentKind.STUDY else "studies", query=kept or None),
            "is_current": each == kind,
        }
        for each in DocumentKind
    ]


def place(request: HttpRequest, code: str) -> HttpResponse:
    """One place: its figures, and the evidence from it and from the areas it lies within."""
    found = place_by_code(request.user, code=code)
    if found is None:
        raise Http404("There is no such place.")
    visible = Intervention.objects.visible_to(request.user)
    context = {
        "crumbs": [("Places", reverse("places"))],
        "place": found,
        "here": visible.filter(places__in=[found.pk, *places_within(found)]).distinct().order_by("name"),
        "around": visible.filter(places__in=places_around(found)[1:]).distinct().order_by("name"),
        "figures": found.figures.all(),
    }
    return render(request, "places/place.html", context)


def places(request: HttpRequest) -> HttpResponse:
    """Every place, by kind."""
    return render(request, "places/places.html", {"places": places_known(request.user).order_by("kind", "name")})


def outcome(request: HttpRequest, slug: str) -> HttpResponse:
    """One outcome: how it is measured, breaks in its series, and the estimates on it."""
    found = get_object_or_404(outcomes_known(request.user), slug=slug)
    estimates = estimates_listed_for(request.user).filter(outcome=found).order_by("intervention__name", "pk")
    crumbs = [("Outcomes", reverse("outcomes"))]
    context = {
        "crumbs": crumbs,
        "outcome": found,
        "groups": grouped(estimates),
        "breaks": found.series_breaks.select_related("source"),
    }
    return render(request, "catalogue/outcome.html", context)


def outcomes(request: HttpRequest) -> HttpResponse:
    """Every outcome, by domain."""
    listed = Q(estimates__in=estimates_listed_for(request.user))
    found = outcomes_known(request.user).annotate(n_estimates=Count("estimates", listed)).order_by("domain", "name")
    return render(request, "catalogue/outcomes.html", {"outcomes": found})


def target_group(request: HttpRequest, slug: str) -> HttpResponse:
    """One target group: who it is, the measure used, and the interventions for it."""
    found = get_object_or_404(target_groups_known(request.user), slug=slug)
    context = {
        "crumbs": [],
        "group": found,
        "interventions": Intervention.objects.visible_to(request.user).filter(target_groups=found).order_by("name"),
    }
    return render(request, "catalogue/target_group.html", context)
