"""The start page and the lists."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from evidence.catalogue.models import Intervention, Study, StudyStatus
from evidence.estimates.models import EffectEstimate, EstimateKind
from evidence.estimates.queries import estimates_listed_for
from evidence.search.exports import FORMATS
from evidence.search.models import DocumentKind
from evidence.search.presenters import PLURALS, how_read, results
from evidence.search.queries import find, read_criteria, rows_in_order, rows_to_export

ON_A_PAGE = 20
MOST_EXPORTED = 20_000
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
    if request.GET.get("download") in FORMATS:
        return _download(request, kind, found.keys, FORMATS[request.GET["download"]])
    page = Paginator(found.keys, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "kind": kind,
        "criteria": criteria,
        "found": found,
        "page": page,
        "results": results(rows_in_order(request.user, kind, page.object_list), kind),
        "notes": how_read(criteria, found),
        "action": request.path,
        "feed": reverse(f"{PLURALS[kind]}-feed") + (f"?{request.GET.urlencode()}" if request.GET else ""),
        "lists": _other_lists(request, kind),
    }
    return render(request, "search/list.html", context)


def _download(request: HttpRequest, kind: str, keys: tuple[int, ...], form: tuple) -> HttpResponse:
    ending, media_type, write = form
    rows = rows_to_export(request.user, kind, keys[:MOST_EXPORTED])
    return HttpResponse(
        write(rows, kind),
        content_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{PLURALS[kind]}.{ending}"'},
    )


def _other_lists(request: HttpRequest, kind: str) -> list[dict]:
    """The three lists, each with the words of this one."""
    words = request.GET.copy()
    kept = {"search": words["search"]} if words.get("search") else {}
    return [
        {
            "label": each.label,
            "href": reverse(PLURALS[each.value], query=kept or None),
            "is_current": each == kind,
        }
        for each in DocumentKind
    ]
