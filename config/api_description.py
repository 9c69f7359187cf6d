"""What the OpenAPI description says of every operation alike: the answers that are refusals, and their one shape."""

from __future__ import annotations

from typing import Any

Described = dict[str, Any]

NOT_FOUND_AS_A_PAGE = {"page"}
ERROR: Described = {
    "type": "object",
    "description": "Why the request was refused. Every refusal has this shape.",
    "required": ["message", "issues"],
    "properties": {
        "message": {"type": "string"},
        "issues": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "message", "hint", "where"],
                "properties": {
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "hint": {"type": "string"},
                    "where": {"type": "string"},
                    "row": {"type": "integer", "nullable": True},
                    "column": {"type": "string", "nullable": True},
                },
            },
        },
    },
}
WORDS = {
    "400": "Something in the request is wrong; each issue says what and how to mend it.",
    "401": "Nobody is signed in, or the token has expired or been revoked.",
    "403": "Your role, or the token's scope, does not allow it.",
    "404": "There is nothing there that you may see.",
    "409": "It stands where it cannot answer that; the message says what to wait for.",
    "415": "The body is in a form that this address does not read.",
}


def describe_refusals(result: Described, generator: Any, request: Any, public: bool) -> Described:
    """The description with every refusal an operation can answer, each in the shape of `Error`."""
    result["components"]["schemas"]["Error"] = ERROR
    for item in result["paths"].values():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                for status in _refusals(operation, is_act=method == "post"):
                    operation["responses"].setdefault(status, _refusal(status))
    return result


def _refusals(operation: Described, *, is_act: bool) -> list[str]:
    """The statuses with which the operation can refuse; an act may come too late though nothing is sent with it."""
    parameters = operation.get("parameters", [])
    asks = {each["name"] for each in parameters if each["in"] == "query"}
    has_body = "requestBody" in operation
    is_open = {} in operation.get("security", [{}])
    names_a_row = any(each["in"] == "path" for each in parameters)
    possible = {
        "400": is_act or has_body or bool(asks - NOT_FOUND_AS_A_PAGE),
        "401": True,
        "403": not is_open,
        "404": names_a_row or bool(asks & NOT_FOUND_AS_A_PAGE),
        "415": has_body,
    }
    return [status for status, is_possible in possible.items() if is_possible]


def _refusal(status: str) -> Described:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": WORDS[status], "content": content}
