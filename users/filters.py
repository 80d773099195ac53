"""What users can be filtered by."""

from core.api import filters
from users.models import User


class UserFilter(filters.FilterSet):
    """By role."""

    class Meta:
        model = User
        fields = {"role": ["exact"]}
