"""Forms of the admin."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    INPUT_CLASSES,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from allies import selectors
from allies.constants import NAME_LENGTH, PASSWORD_LENGTH, TAG_LENGTH, USER_LENGTH
from allies.models import Ally
from allies.values import read_origins, read_tag, read_tags
from core.admin.forms import ReasonForm, text_field
from core.validators import plain_text


class TagsWidget(UnfoldAdminTextareaWidget):
    """Tags as chips, suggesting what other allies carry; without scripts a tag per line."""

    template_name = "allies/admin/tag_chips.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Name the list of suggestions and what is in it."""
        found = super().get_context(name, value, attrs)
        found["widget"]["input_class"] = " ".join(INPUT_CLASSES)
        list_id = f"{found['widget']['attrs'].get('id', name)}_suggestions"
        return {
            **found,
            "list_id": list_id,
            "length": TAG_LENGTH,
            "suggestions": selectors.known_tags(),
        }


class LinesField(forms.CharField):
    """A list of texts, one per line."""

    def __init__(self, *, read: Callable[[Any], list[str]], **kwargs: Any) -> None:
        self.read = read
        kwargs.setdefault("widget", UnfoldAdminTextareaWidget())
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the lines to show."""
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Return the list that the lines spell."""
        lines = (super().to_python(value) or "").splitlines()
        return self.read([line for line in lines if line.strip()])

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare lists, not their spelling."""
        try:
            return bool((initial or []) != self.to_python(data))
        except forms.ValidationError:
            return True


class AllyForm(forms.ModelForm):
    """An ally; its origins one per line."""

    tags = LinesField(
        read=read_tags,
        widget=TagsWidget(),
        label=_("Tags"),
        help_text=_("Type one and press Enter; tags of other allies are suggested."),
    )
    allowed_origins = LinesField(
        read=read_origins,
        label=_("Allowed origins"),
        help_text=_("One per line, such as https://shop.example.com"),
    )

    class Meta:
        model = Ally
        fields = (
            "id",
            "name",
            "brand_owner",
            "tags",
            "discount",
            "min_amount",
            "max_amount",
            "allowed_origins",
            "is_active",
        )


class RenameTagForm(ReasonForm):
    """One tag for another, on every ally."""

    old = text_field(_("Tag"), TAG_LENGTH)
    new = text_field(_("New tag"), TAG_LENGTH)
    field_order = ("old", "new", "reason")

    def clean_old(self) -> str:
        """Return the tag in its one spelling."""
        return read_tag(self.cleaned_data["old"])

    def clean_new(self) -> str:
        """Return the tag in its one spelling."""
        return read_tag(self.cleaned_data["new"])


class RenameAllyForm(ReasonForm):
    """Another name for a store, and one tag for another."""

    name = text_field(_("Name"), NAME_LENGTH, validators=[plain_text])
    remove = forms.ChoiceField(
        label=_("Tag to take away"), required=False, widget=UnfoldAdminSelectWidget()
    )
    add = text_field(_("Tag to put in its place"), TAG_LENGTH, required=False)
    field_order = ("name", "remove", "add", "reason")

    def __init__(self, *args: Any, ally: Ally, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"name": ally.name})
        super().__init__(*args, **kwargs)
        choices = [("", "—"), *((tag, tag) for tag in ally.tags)]
        self.fields["remove"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField

    def clean_add(self) -> str:
        """Return the tag in its one spelling, or nothing."""
        value = self.cleaned_data["add"]
        return read_tag(value) if value else ""


class CredentialsForm(ReasonForm):
    """A user name and a password: in, never out."""

    user = text_field(
        _("User name"),
        USER_LENGTH,
        strip=False,
        validators=[plain_text],
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
    )
    password = text_field(
        _("Password"),
        PASSWORD_LENGTH,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
    )
    field_order = ("user", "password", "reason")


class LogForm(ReasonForm):
    """A server log to look at."""

    file = forms.FileField(
        label=_("Log file, plain or gzip"),
        allow_empty_file=True,
        widget=UnfoldAdminFileFieldWidget(),
    )
    since = forms.DateTimeField(
        label=_("From"), required=False, widget=UnfoldAdminTextInputWidget()
    )
    until = forms.DateTimeField(
        label=_("Up to, not including"), required=False, widget=UnfoldAdminTextInputWidget()
    )
    field_order = ("file", "since", "until", "reason")
