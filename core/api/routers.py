"""The router of every app: no trailing slash (middleware takes it off), names fit for nesting."""

from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    """A SimpleRouter whose routes end where the resource's name ends."""

    def __init__(self) -> None:
        super().__init__(trailing_slash=False)
