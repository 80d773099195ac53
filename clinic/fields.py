"""Model fields of the clinic: they put a value into its one form wherever it comes from."""

from typing import Any

from django.db import models


class UpperCaseField(models.CharField):
    """Text in upper case."""

    def to_python(self, value: Any) -> Any:
        """Return the text in upper case (forms and files)."""
        text = super().to_python(value)
        return text.upper() if isinstance(text, str) else text

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001 - Django's signature
        """Store nothing else, whoever writes."""
        value = self.to_python(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, value)
        return value


class LinesField(models.TextField):
    """Text of several lines, which end in a line feed alone."""

    def to_python(self, value: Any) -> Any:
        """Return the text with the line ends of one system (forms and files)."""
        text = super().to_python(value)
        return text.replace("\r\n", "\n") if isinstance(text, str) else text
