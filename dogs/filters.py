"""What dogs can be filtered by."""

from core.api.filters import filterset
from dogs.models import Dog


class DogFilter(filterset.FilterSet):
    """Adopted or not, and by whom."""

    id_user = filterset.IntegerFilter(field_name="owner_id")

    class Meta:
        model = Dog
        fields = ("is_adopted", "id_user")
