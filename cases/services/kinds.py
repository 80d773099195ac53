"""Kinds of cases: what the apps that run say, and what holds for one whose app is off."""

from collections.abc import Mapping
from typing import Any

from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ErrorDetail, ValidationError

from cases.constants import VALUE_LENGTH
from cases.errors import ResolutionValue, UnknownKind, UnknownResolution
from core import cases
from core.text import is_clean
from core.values import INT64_MAX, INT64_MIN

# A kind whose app is off has its cases still: they can be read, answered and waited for.
TARGETS = {
    1: cases.Targets(60, 480),
    2: cases.Targets(240, 1440),
    3: cases.Targets(720, 2880),
}


def kind_of(name: str) -> cases.Kind:
    """Return a kind; one whose app is off has no resolutions, and its name for a label."""
    found = cases.kinds().get(name)
    return found or cases.Kind(name, name, targets=TARGETS, resolutions={})


def known_kind(name: str) -> cases.Kind:
    """Return a kind of an app that runs.

    Raises:
        UnknownKind: there is none.
    """
    found = cases.kinds().get(name)
    if found is None:
        raise UnknownKind
    return found


def sent_values(kind: cases.Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a body says for the values that resolutions of the kind take.

    Raises:
        ValidationError: one is no whole number, short text, true or false.
    """
    names = {one for each in kind.resolutions.values() for one in each.takes}
    found, errors = {}, {}
    for name in sorted(names & body.keys()):
        try:
            found[name] = plain_value(body[name])
        except ValueError:
            text = force_str(_("A whole number, a short text, true or false."))
            errors[name] = [ErrorDetail(text, code="invalid")]
    if errors:
        raise ValidationError(errors)
    return found


def plain_value(value: Any) -> Any:
    """Return a value that a resolution may take; null is none.

    Raises:
        ValueError: it is no whole number within 64 bits, text of a line, true, false or null.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and INT64_MIN <= value <= INT64_MAX:
        return value
    if isinstance(value, str) and len(value) <= VALUE_LENGTH and is_clean(value):
        return value
    raise ValueError


def is_value(value: Any) -> bool:
    """Tell whether something says anything: null and a blank text do not."""
    return value is not None and not (isinstance(value, str) and not value.strip())


def values_for(kind: cases.Kind, name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that a resolution takes, of those that are given.

    Raises:
        UnknownResolution: the kind has none of this name.
        ResolutionValue: a value is missing, or is one of another resolution.
    """
    resolution = kind.resolutions.get(name)
    if resolution is None:
        raise UnknownResolution
    every = {one for each in kind.resolutions.values() for one in each.takes}
    wrong = [one for one in resolution.takes if not is_value(given.get(one))]
    wrong += sorted(one for one in every - {*resolution.takes} if is_value(given.get(one)))
    if wrong:
        raise ResolutionValue(*wrong)
    return {one: given[one] for one in resolution.takes}
