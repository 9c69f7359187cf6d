"""What every request passes before anything reads it."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from evidence.catalogue.queries import address_after_merging

GetResponse = Callable[[HttpRequest], HttpResponse]


class NullCharacterMiddleware:
    """Leaves null characters out of the query, and finds nothing at an address that holds one.

    PostgreSQL keeps none in text, so a query with one would end as a fault of ours. Forms and the
    API refuse them in words by themselves.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request without its null characters."""
        query = request.META.get("QUERY_STRING", "")
        if "%00" in query or "\0" in query:
            request.META["QUERY_STRING"] = query.replace("%00", "").replace("\0", "")
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: object, arguments: object, names: dict[str, object]) -> None:
        """Treat an address with a null character in one of its parts as one that leads nowhere."""
        if any("\0" in str(value) for value in names.values()):
            raise Http404


class MergedAddressMiddleware:
    """Leads from the address of a duplicate to that of the record it was merged into.

    Looked up only where nothing was found. The redirect is temporary, because a merge can be undone.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, by a redirect where the record is now under another address."""
        response = self.get_response(request)
        if response.status_code != 404 or request.method not in ("GET", "HEAD"):
            return response
        now = address_after_merging(request.path)
        if now is None:
            return response
        query = request.META.get("QUERY_STRING", "")
        return HttpResponseRedirect(f"{now}?{query}" if query else now)
