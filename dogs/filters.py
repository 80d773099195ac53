"""What dogs can be filtered by."""

from core.api import filters
from dogs.models import Dog


class DogFilter(filters.FilterSet):
    """Adopted or not, and by whom."""

    id_user = filters.IntegerFilter(field_name="owner_id")

    class Meta:
        model = Dog
        fields = ("is_adopted", "id_user")
