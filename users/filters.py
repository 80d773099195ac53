"""What users can be filtered by."""

from core.api.filters import filterset
from users.models import User


class UserFilter(filterset.FilterSet):
    """By role."""

    class Meta:
        model = User
        fields = {"role": ["exact"]}
