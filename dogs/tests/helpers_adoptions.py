"""The dog of the tests of adoption, and what is stored of it."""

from dogs.models import Adoption, Dog

PATH = "/api/dogs/Lazy/adoption"
HISTORY = "/api/dogs/Lazy/adoptions"


def state():
    """Return what the only dog says, and what its adoptions say, oldest first."""
    dog = Dog.objects.get()
    rows = Adoption.objects.order_by("id").values_list("owner_id", "end_reason")
    return (dog.is_adopted, dog.owner_id), list(rows)
