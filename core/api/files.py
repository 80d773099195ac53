"""What the routes that take CSV files, or answer with one, have in common: their parameters."""

from collections.abc import Collection

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from core.api.query import parse_bool, refusal
from core.files import CHOICES, Layout

BOM_PARAMETER = OpenApiParameter(
    "bom", bool, default=False, description="Begin with a byte order mark, as Excel needs it."
)
LAYOUT_PARAMETERS = [
    OpenApiParameter(
        "delimiter",
        str,
        enum=CHOICES["delimiter"],
        description="What separates the cells. Found out where it is not given.",
    ),
    OpenApiParameter(
        "encoding",
        str,
        enum=CHOICES["encoding"],
        description="The encoding of the files. Found out where it is not given.",
    ),
    OpenApiParameter(
        "date_format",
        str,
        enum=CHOICES["date_format"],
        description=(
            "The order of day and month. Found out, for each whole file, where it is not given;"
            " a file in which it does not show is refused."
        ),
    ),
]


def wants_mark(request: Request) -> bool:
    """Tell whether the caller wants a byte order mark, or raise a 400."""
    name = BOM_PARAMETER.name
    return parse_bool(request.GET.get(name, "false"), name=name)


def layout_of(request: Request) -> Layout:
    """Return what the caller says of how files are written, or raise a 400."""
    try:
        return Layout.given(**{name: request.GET.get(name, "") for name in CHOICES})
    except ValueError as error:
        raise not_one_of(*error.args) from error


def choice_of(request: Request, name: str, choices: Collection[str]) -> str:
    """Return the parameter ``name``, by default the first of its ``choices``, or raise a 400."""
    choice = request.GET.get(name, next(iter(choices)))
    if choice not in choices:
        raise not_one_of(name, choices)
    return choice


def not_one_of(name: str, choices: Collection[str]) -> Exception:
    """Return the 400 of a query parameter that has another value than ``choices``."""
    message = _("One of: %(choices)s.") % {"choices": ", ".join(choices)}
    return refusal(name, message, "invalid_choice")
