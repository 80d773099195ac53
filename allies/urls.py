"""The routes of allies, below ``/api/``; those of the brief's API also at the root."""

from typing import Any

from django.urls import path, register_converter

from allies.views import AllyViewSet, CredentialsViewSet
from core.api.routers import Router


class AnyId:
    """Whatever stands for an id, slashes and line breaks too: the route says that none has it."""

    regex = r"[\s\S]*"

    def to_python(self, value: str) -> str:
        """Return the id."""
        return value

    def to_url(self, value: str) -> str:
        """Return the id."""
        return value


register_converter(AnyId, "any_id")

router = Router()
router.register("allies", AllyViewSet, basename="ally")

CREDENTIALS: dict[str, Any] = {"get": "retrieve", "post": "create"}
credentials = CredentialsViewSet.as_view(CREDENTIALS, basename="credentials", detail=True)
PATH = "allies/<any_id:id>/credentials"

urlpatterns = [path(PATH, credentials, name="ally-credentials"), *router.urls]
root_urlpatterns = [path(PATH, credentials, name="root-ally-credentials")]
