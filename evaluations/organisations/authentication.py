"""How an API request says who it comes from: a session, or a token in its header."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from evaluations.organisations.models import ApiToken, User
from evaluations.organisations.tokens import READ, WRITE, token_for

KEYWORDS = (b"token", b"bearer")


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Token <key>`, or `Bearer <key>`."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The person and their token; null where the request carries none."""
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() not in KEYWORDS:
            return None
        token = token_for(parts[1].decode(errors="replace")) if len(parts) == 2 else None
        if token is None:
            raise AuthenticationFailed("This token is not valid: it may have expired or been revoked.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What a refused client is told to send."""
        return "Token"


class TokenAllows(BasePermission):
    """A token reads with the scope `read` and changes things with the scope `write`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the token, if there is one, has the scope this method needs."""
        if not isinstance(request.auth, ApiToken):
            return True
        self.message = "This token does not have the scope for that."
        return (READ if request.method in SAFE_METHODS else WRITE) in request.auth.scopes


class TokenScheme(OpenApiAuthenticationExtension):
    """Describes the token in the OpenAPI document."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """An API key in the Authorization header."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token <key>`. Make a key at /account/ or by POST to /api/v1/tokens/.",
        }
