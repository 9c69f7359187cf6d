"""What every API endpoint shares: one shape of error, one way of paging, the description of it all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

MOST_ON_A_PAGE = 100


class Pages(PageNumberPagination):
    """`{count, next, previous, results}`; `page_size` up to 100."""

    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = MOST_ON_A_PAGE


def error_body(message: str, issues: Iterable[dict[str, Any]] = ()) -> dict[str, Any]:
    """The one shape of an API error."""
    return {"message": message, "issues": [_issue(**issue) for issue in issues]}


def _issue(
    *,
    code: str = "invalid",
    message: str,
    hint: str = "",
    row: int | None = None,
    column: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    parts = [more.get("file"), f"row {row}" if row else None, f"column {column}" if column else None]
    where = more.get("where") or ", ".join(part for part in parts if part)
    return {"code": code, "message": message, "hint": hint, "where": where, "row": row, "column": column}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The response to an error raised in a view, in the one shape; null for a fault of ours."""
    found = getattr(error, "issues", None)
    if found:
        set_rollback()
        issues = [issue.to_json() for issue in found]
        message = issues[0]["message"] if len(issues) == 1 else f"{len(issues)} problems were found."
        return Response(error_body(message, issues), status=status.HTTP_400_BAD_REQUEST)
    if isinstance(error, ValidationError):
        set_rollback()
        return Response(
            error_body("The request has problems.", _django_issues(error)), status=status.HTTP_400_BAD_REQUEST
        )
    if isinstance(error, ObjectDoesNotExist):
        error = Http404()
    elif isinstance(error, PermissionDenied) and str(error):
        error = exceptions.PermissionDenied(str(error))
    response = exception_handler(error, context)
    if response is not None:
        response.data = _shaped(error, response.data)
    return response


def _django_issues(error: ValidationError) -> list[dict[str, Any]]:
    if hasattr(error, "error_dict"):
        return [
            {"code": item.code or "invalid", "message": text, "where": field}
            for field, items in error.error_dict.items()
            for item in items
            for text in item.messages
        ]
    return [{"code": error.code or "invalid", "message": text} for text in error.messages]


def _shaped(error: Exception, data: Any) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return error_body("The request has problems.", list(_field_issues(error.get_full_details())))
    detail = data.get("detail") if isinstance(data, dict) else None
    code = getattr(detail, "code", "error")
    return error_body(str(detail or "The request could not be answered."), [{"code": code, "message": str(detail)}])


def _field_issues(details: Any, where: str = "") -> Iterable[dict[str, Any]]:
    if isinstance(details, dict) and set(details) == {"message", "code"}:
        yield {"code": details["code"], "message": str(details["message"]), "where": where}
    elif isinstance(details, dict):
        for name, inner in details.items():
            below = "" if name == "non_field_errors" else str(name)
            yield from _field_issues(inner, f"{where}.{below}" if where and below else below or where)
    else:
        for inner in details:
            yield from _field_issues(inner, where)
