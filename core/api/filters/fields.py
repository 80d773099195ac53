"""Form fields that read one query parameter strictly. See :mod:`core.api.filters.filterset`."""

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_filters import fields as filter_fields
from rest_framework.exceptions import ValidationError as APIValidationError

from core import values
from core.api.query import BOOLEANS, parse_int
from core.values import INT64_MAX, INT64_MIN

MAX_TEXT_CHARACTERS = 200
MAX_VALUES = 50


class StrictField(forms.Field):
    """A field that takes a text as it is, and no blank one for "not given"."""

    widget: type[forms.Widget] = forms.TextInput
    default_error_messages = {"blank": _("This may not be blank."), "invalid": _("Not valid.")}

    def clean(self, value: Any) -> Any:
        """Return what ``value`` spells, or raise ValidationError; None stays None."""
        if isinstance(value, str) and not value.strip():
            raise ValidationError(self.error_messages["blank"], code="blank")
        return super().clean(value)

    def to_python(self, value: Any) -> Any:
        """Return what the text spells, or raise this field's error."""
        if value is None:
            return None
        try:
            return self.read(str(value))
        except (ValueError, APIValidationError):
            raise self.wrong() from None

    def read(self, text: str) -> Any:
        """Return what ``text`` spells, or raise ValueError."""
        raise NotImplementedError  # a default would let any text through as a filter's value

    def wrong(self) -> ValidationError:
        """Return the error of a text that spells nothing."""
        return ValidationError(self.error_messages["invalid"], code="invalid")


class BooleanField(StrictField):
    """A flag."""

    default_error_messages = {"invalid": _("Either true or false.")}

    def read(self, text: str) -> bool:
        """Return the flag."""
        if text.lower() not in BOOLEANS:
            raise ValueError
        return BOOLEANS[text.lower()]


class IntegerField(StrictField):
    """A whole number within 64 bit, or narrower bounds."""

    def __init__(
        self, *, min_value: int = INT64_MIN, max_value: int = INT64_MAX, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.min_value, self.max_value = min_value, max_value

    def read(self, text: str) -> int:
        """Return the number."""
        return parse_int(text, self.min_value, self.max_value)

    def wrong(self) -> ValidationError:
        """Name the bounds."""
        return ValidationError(
            _("A whole number from %(minimum)d to %(maximum)d."),
            code="invalid",
            params={"minimum": self.min_value, "maximum": self.max_value},
        )


class DateField(StrictField):
    """A date."""

    default_error_messages = {"invalid": _("A date such as 2024-12-31, from 1900 to 2200.")}

    def read(self, text: str) -> dt.date:
        """Return the date."""
        return values.parse_date(text)


class DateTimeField(StrictField):
    """A moment."""

    default_error_messages = {
        "invalid": _(
            "A time such as 2024-12-31T23:59:59Z, from 1900 to 2200 (send “+” URL-encoded)."
        )
    }

    def read(self, text: str) -> dt.datetime:
        """Return the moment, in UTC."""
        return values.parse_time(text)


class UUIDField(StrictField):
    """A UUID."""

    default_error_messages = {"invalid": _("A UUID.")}

    def read(self, text: str) -> uuid.UUID:
        """Return the UUID."""
        return values.parse_uuid(text)


class TextField(StrictField, forms.CharField):
    """A text of bounded length."""

    def __init__(self, *, max_length: int = MAX_TEXT_CHARACTERS, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)

    def read(self, text: str) -> str:
        """Return the text without the blanks around it."""
        return text.strip()


class ChoiceField(StrictField, filter_fields.ChoiceField):
    """One of some values."""

    widget: type[forms.Widget] = forms.Select

    def to_python(self, value: Any) -> Any:
        """Return the value as it was sent; django-filter's validation compares it."""
        return "" if value is None else str(value)


class ListWidget(filter_fields.BaseCSVWidget):
    """Reads several values of one parameter, whether commas or repetition part them."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return the texts of all values."""
        values = data.getlist(name) if hasattr(data, "getlist") else []
        joined = {name: ",".join(values)} if len(values) > 1 else data
        return super().value_from_datadict(joined, files, name)


class ListField(filter_fields.BaseCSVField):
    """Values separated by commas, each read by the field that this is mixed in before."""

    base_widget_class = ListWidget

    def clean(self, value: Any) -> Any:
        """Return the list of values, or raise ValidationError."""
        if value is not None and not 1 <= len(value) <= MAX_VALUES:
            raise ValidationError(
                _("From one to %(limit)d values."), code="invalid", params={"limit": MAX_VALUES}
            )
        return super().clean(value)
