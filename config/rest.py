"""How Django REST Framework is put together: the kernel's parts in the places of its own."""

from typing import Any

REST_FRAMEWORK: dict[str, Any] = {
    "URL_FORMAT_OVERRIDE": None,  # a media type is asked for by Accept, not by ?format=
    "DEFAULT_AUTHENTICATION_CLASSES": ["users.auth.bearer.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.permissions.ActionPermission"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["core.api.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "core.api.pagination.paginator.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": [
        "core.api.filters.filterset.FilterBackend",
        "core.api.filters.filterset.SearchFilter",
        "core.api.filters.filterset.OrderingFilter",
    ],
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.operations.AutoSchema",
    "EXCEPTION_HANDLER": "core.problems.exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": [
        "core.api.renderers.JSONRenderer",
        "rest_framework.renderers.MultiPartRenderer",
    ],
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
