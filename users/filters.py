"""What users can be filtered by."""

from core.api.filters import filterset
from users.models import ApiToken, Session, User


class UserFilter(filterset.FilterSet):
    """By role."""

    class Meta:
        model = User
        fields = {"role": ["exact"]}


class SessionFilter(filterset.FilterSet):
    """By what the session signs in to."""

    class Meta:
        model = Session
        fields = {"kind": ["exact"]}


class ApiTokenFilter(filterset.FilterSet):
    """By what the token may, and when it ends."""

    class Meta:
        model = ApiToken
        fields = {"read_only": ["exact"], "expires_at": ["lt", "gte"]}
