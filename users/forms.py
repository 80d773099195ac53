"""Forms of the admin."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold import forms as unfold_forms
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from core.admin.forms import ReasonForm, SuggestionWidget, text_field
from core.text import email_key
from core.validators import plain_email, visible_email
from users.auth import second_factor
from users.constants import (
    MAX_LINK_TOKEN_CHARACTERS,
    MAX_OTP_CHARACTERS,
    MAX_PASSWORD_CHARACTERS,
)
from users.errors import (
    InvalidSecondFactor,
    LoginLocked,
    SecondFactorRequired,
    SecondFactorSetupRequired,
    WrongCurrentPassword,
)
from users.models import SecondFactor, User
from users.services import confirm_password
from users.values import normal_password, time_zones, zone_key

PARTS_OF_THE_WORLD = {
    *("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe"),
    *("Indian", "Pacific"),
}


def places() -> list[str]:
    """Return the time zones that are named after a place."""
    return [name for name in time_zones().values() if name.split("/")[0] in PARTS_OF_THE_WORLD]


def locked(seconds: int) -> ValidationError:
    """Return what a form says of an account that has to wait."""
    minutes = -(-seconds // 60)
    text = ngettext(
        "Too many attempts to sign in. Try again in %(minutes)d minute.",
        "Too many attempts to sign in. Try again in %(minutes)d minutes.",
        minutes,
    )
    return ValidationError(text % {"minutes": minutes}, code="login_locked")


def code_field(**kwargs: Any) -> forms.CharField:
    """Return the field of a one-time code."""
    attributes = {"autocomplete": "one-time-code", "spellcheck": "false"}
    return forms.CharField(
        required=False,
        max_length=MAX_OTP_CHARACTERS,
        widget=UnfoldAdminTextInputWidget(attrs=attributes),
        **kwargs,
    )


def password_field(label: Any, autocomplete: str, **kwargs: Any) -> forms.CharField:
    """Return the field of a password, which keeps its spaces."""
    return forms.CharField(
        label=label,
        strip=False,
        max_length=MAX_PASSWORD_CHARACTERS,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": autocomplete}),
        **kwargs,
    )


class ForgottenForm(forms.Form):
    """Where a link goes to."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "username", "type": "email"}),
    )


class NewPasswordForm(forms.Form):
    """A password for whoever the link is for. The page fills the token in from its address."""

    token = forms.CharField(
        label=_("What stands behind # in the link"),
        max_length=MAX_LINK_TOKEN_CHARACTERS,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    password = password_field(_("New password"), "new-password")
    again = password_field(_("Once more"), "new-password")

    def clean(self) -> dict[str, Any]:
        """Refuse two different passwords."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if "password" in data and "again" in data and data["password"] != data["again"]:
            self.add_error("again", _("The two passwords are different."))
        return data


class ProofForm(forms.Form):
    """What proves who changes a second factor: each step looks at its own."""

    password = password_field(_("Current password"), "current-password", required=False)
    otp = code_field(label=_("Code"))


class TimeZoneForm(forms.Form):
    """In which time zone somebody wants to be shown times."""

    time_zone = text_field(
        _("Time zone"),
        64,
        required=False,
        widget=SuggestionWidget(places, {"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("As Europe/Madrid. Empty: that of the platform."),
    )

    def clean_time_zone(self) -> str:
        """Return the zone's name as the machine spells it."""
        given = self.cleaned_data["time_zone"]
        name = time_zones().get(zone_key(given), "")
        if given and not name:
            raise ValidationError(_("There is no such time zone."), code="unknown_time_zone")
        return name


class LinkForm(ReasonForm):
    """Why a link is made."""


class SignInForm(unfold_forms.AuthenticationForm):
    """The admin's sign-in: says how long a locked account has to wait, and takes a code."""

    otp = code_field(
        label=_("Code"),
        help_text=_("Of your authenticator app, or a recovery code. Empty if you have none."),
    )

    @property
    def asks_for_codes(self) -> bool:
        """Tell whether anybody here has a code to type."""
        return SecondFactor.objects.filter(confirmed_at__isnull=False).exists()

    def confirm_login_allowed(self, user: Any) -> None:
        """Let staff in who have what their account asks for; who must set it up does so inside."""
        super().confirm_login_allowed(user)
        try:
            second_factor.check(user=user, otp=self.cleaned_data.get("otp", ""))
        except SecondFactorSetupRequired:
            pass  # StaffSecondFactorMiddleware leads there
        except LoginLocked as error:
            raise locked(int(error.headers["Retry-After"])) from None
        except (SecondFactorRequired, InvalidSecondFactor) as error:
            text = _("Type a code of your authenticator app, or a recovery code.")
            if isinstance(error, InvalidSecondFactor):
                text = error.default_detail
            raise ValidationError(text, code=error.default_code) from None

    def clean_username(self) -> str:
        """Refuse an address with a character that nobody sees."""
        email: str = self.cleaned_data["username"]
        visible_email(email)
        return email

    def get_invalid_login_error(self) -> ValidationError:
        """Return why nobody was let in."""
        seconds = getattr(self.request, "login_locked_for", None)
        return super().get_invalid_login_error() if seconds is None else locked(seconds)


class OwnPasswordForm(unfold_forms.AdminOwnPasswordChangeForm):
    """A new password of one's own: who asks proves the present one, within the API's limit."""

    def clean_old_password(self) -> str:
        """Return the present password, or raise ValidationError.

        A stolen session must not become a way to guess it.
        """
        password: str = self.cleaned_data["old_password"]
        try:
            confirm_password(user=self.user, password=password)
        except WrongCurrentPassword:
            text = self.error_messages["password_incorrect"]
            raise ValidationError(text, code="password_incorrect") from None
        except LoginLocked as error:
            raise locked(int(error.headers["Retry-After"])) from None
        return password


class PasswordField(forms.CharField):
    """A new password, measured in the form that is hashed."""

    def to_python(self, value: Any) -> str:
        """Return that form."""
        return normal_password(super().to_python(value) or "")


class UserForm(forms.ModelForm):
    """A user; the password can be set, never seen."""

    new_password = PasswordField(
        label=_("New password"),
        required=False,
        strip=False,
        max_length=MAX_PASSWORD_CHARACTERS,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave empty to keep it. A new one ends all sessions and API tokens."),
    )

    class Meta:
        model = User
        fields = ("name", "last_name", "email", "role", "is_active")

    def clean_email(self) -> str:
        """Return the address in its one spelling; the stored one may stay what it is."""
        email: str = self.cleaned_data["email"]
        if email == self.instance.email:
            return email
        plain_email(email)  # what the key leaves out, the model's own check would not see
        return email_key(email)

    def clean(self) -> dict[str, Any]:
        """Hold a new password against the validators."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("new_password"):
            about = User(**{name: data.get(name, "") for name in ("name", "last_name", "email")})
            try:
                validate_password(data["new_password"], user=about)
            except ValidationError as error:
                self.add_error("new_password", error)
        return data


class OwnUserForm(UserForm):
    """One's own account: a browser left open must not be enough to take it over."""

    refusal = ""  # what the view found of the present password

    current_password = forms.CharField(
        label=_("Current password"),
        required=False,
        strip=False,
        max_length=MAX_PASSWORD_CHARACTERS,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
        help_text=_("To change your e-mail address or password. Your other sessions end."),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse the change that the view refuses."""
        data = super().clean()
        if self.refusal:
            self.add_error("current_password", self.refusal)
        return data
