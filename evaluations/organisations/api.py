"""Tokens and organisations over the API."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth import authenticate
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from evaluations.organisations.models import ApiToken, Organisation, User
from evaluations.organisations.permissions import Permission
from evaluations.organisations.queries import organisations_where
from evaluations.organisations.tokens import SCOPES, create_token, revoke_token, tokens_of


class OrganisationSerializer(serializers.ModelSerializer):
    """An organisation the viewer belongs to."""

    class Meta:
        model = Organisation
        fields = ["id", "slug", "name"]


class OrganisationViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet):
    """The organisations you belong to, any of which may own an evaluation if your role there allows."""

    serializer_class = OrganisationSerializer
    lookup_field = "slug"
    queryset = Organisation.objects.none()

    def get_queryset(self) -> Any:
        """Only the viewer's own."""
        return organisations_where(self.request.user, Permission.SEE_ORGANISATION)


class TokenSerializer(serializers.ModelSerializer):
    """A token without its key."""

    class Meta:
        model = ApiToken
        fields = ["id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"]


class TokenRequestSerializer(serializers.Serializer):
    """What a new token is for; e-mail and password where the request is not signed in."""

    email = serializers.EmailField(required=False)
    password = serializers.CharField(required=False, trim_whitespace=False, write_only=True)
    name = serializers.CharField(max_length=100, default="API")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=SCOPES), default=list(SCOPES), min_length=1)
    days = serializers.IntegerField(min_value=1, max_value=365, default=30)


class NewTokenSerializer(TokenSerializer):
    """A token with its key, shown this once."""

    key = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "key"]


class TokenViewSet(mixins.ListModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet):
    """Your API tokens. POST makes one and shows its key once; DELETE revokes one."""

    serializer_class = TokenSerializer
    queryset = ApiToken.objects.none()

    def get_queryset(self) -> Any:
        """Only the viewer's own."""
        return tokens_of(self.request.user) if self.request.user.is_authenticated else ApiToken.objects.none()

    def get_permissions(self) -> list[BasePermission]:
        """Anyone may ask for a token with an e-mail address and a password."""
        return [AllowAny()] if self.action == "create" else super().get_permissions()

    @extend_schema(request=TokenRequestSerializer, responses={201: NewTokenSerializer})
    def create(self, request: Request) -> Response:
        """A new token with its key."""
        asked = TokenRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        stated = dict(asked.validated_data)
        user = _who_asks(request, stated.pop("email", None), stated.pop("password", None))
        token, key = create_token(user=user, by=user, **{**stated, "scopes": tuple(stated["scopes"])})
        body = {**TokenSerializer(token).data, "key": key}
        return Response(body, status=status.HTTP_201_CREATED)

    def perform_destroy(self, instance: ApiToken) -> None:
        """Revoke: the record of it stays."""
        revoke_token(token=instance, by=self.request.user)


def _who_asks(request: Request, email: str | None, password: str | None) -> User:
    """The person signed in by session, or by the e-mail address and password given. A token cannot make tokens."""
    if email and password:
        user = authenticate(request._request, username=email, password=password)
        if user is None or _has_second_step(user):
            raise AuthenticationFailed(
                "That e-mail address and password do not sign in. With two-step sign-in, make a token on the site."
            )
        return user
    if request.user.is_authenticated and not isinstance(request.auth, ApiToken):
        return request.user
    raise AuthenticationFailed("Send an e-mail address and a password, or sign in on the site first.")


def _has_second_step(user: User) -> bool:
    if not apps.is_installed("allauth.mfa"):
        return False
    from allauth.mfa.utils import is_mfa_enabled

    return is_mfa_enabled(user)
