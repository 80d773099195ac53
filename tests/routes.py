"""Every route of the API, read from the URL map: what the tests about the whole run over."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from core.api.views import BaseAPIView

PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")
SAMPLES = {"name": "nobody", "pk": "987654321", "id": "987654321"}


@dataclass(frozen=True)
class Route:
    """One method of one address."""

    method: str
    template: str
    view: Any
    action: str

    def __str__(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def parameters(self) -> list[str]:
        """Return the names in the address."""
        return [b or c for _a, b, c in PARAMETER.findall(self.template)]

    def path(self, **values: str) -> str:
        """Return the address with sample values where nothing else is given."""

        def value(match: re.Match) -> str:
            name = match.group(2) or match.group(3)
            return values.get(name, SAMPLES.get(name, "987654321"))

        return PARAMETER.sub(value, self.template)


def walk(patterns: Any, prefix: str = "/") -> Iterator[tuple[str, URLPattern]]:
    """Yield every pattern below ``patterns`` with its template."""
    for pattern in patterns:
        part = re.sub(r"^\^|\\Z$|\$$", "", str(pattern.pattern)).replace(r"\-", "-")
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, prefix + part)
        else:
            yield prefix + part, pattern


def all_routes() -> list[Route]:
    """Return the API's routes."""
    routes = []
    for template, pattern in walk(get_resolver().url_patterns):
        view = getattr(pattern.callback, "cls", None)
        if view is None or not issubclass(view, BaseAPIView):
            continue
        actions = getattr(pattern.callback, "actions", None)
        if actions is None:
            names = [name for name in view.http_method_names if hasattr(view, name)]
            actions = {name: name for name in names}
        for method, action in actions.items():
            if method not in {"head", "options"}:  # what every route answers alike
                routes.append(Route(method.upper(), template, view, action))
    return routes


def is_defect(response: Any) -> bool:
    """Tell whether an answer is a defect of ours; that no outside API is there is none."""
    if response.status_code < 500:
        return False
    return response.status_code != 503 or response.json()["code"] != "catalog_unavailable"
