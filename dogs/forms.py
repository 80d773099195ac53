"""The admin's forms of dogs."""

from typing import Any

from django import forms

from dogs.errors import AdoptionContradictory
from dogs.models import Dog


class DogForm(forms.ModelForm):
    """A dog: of flag and owner, what was changed says what the other one is."""

    class Meta:
        model = Dog
        fields = ("name", "is_adopted", "owner")

    def clean(self) -> dict[str, Any]:
        """Let a new owner adopt, and a dog that is free have none; both at once are refused."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("owner") is None or cleaned.get("is_adopted"):
            return cleaned
        if self.instance.pk is None or "is_adopted" not in self.changed_data:
            cleaned["is_adopted"] = True
        elif "owner" not in self.changed_data:
            cleaned["owner"] = None
        else:
            self.add_error("owner", AdoptionContradictory.default_detail)
        return cleaned
