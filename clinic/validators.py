"""What a patient's and a study's fields may hold, the same for the API, the admin and files."""

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinic.constants import (
    EMAIL_LENGTH,
    FARTHEST_DAYS,
    OLDEST_BIRTH_DATE,
    OLDEST_STUDY_DATE,
    StudyStatus,
)
from core.text import email_key, is_clean, is_visible
from core.validators import plain_text
from core.values import ANY_YEAR, DATE, business_day, parse_date


def iso_date(text: str) -> date:
    """Return the date that ``text`` spells as YYYY-MM-DD, whatever its year.

    Raises:
        ValidationError: it spells none.
    """
    try:
        return parse_date(text, years=ANY_YEAR)
    except ValueError:
        if DATE.fullmatch(text):
            raise ValidationError(_("There is no such day."), code="invalid") from None
        raise ValidationError(_("A date must look like YYYY-MM-DD."), code="invalid") from None


def possible_birth_date(value: date) -> None:
    """Refuse days to come and days too long ago (ValidationError)."""
    if value > business_day():
        raise ValidationError(_("A birth date cannot be in the future."), code="in_the_future")
    if value < OLDEST_BIRTH_DATE:
        raise ValidationError(
            _("A birth date cannot be before %(oldest)s."),
            code="too_long_ago",
            params={"oldest": OLDEST_BIRTH_DATE.isoformat()},
        )


def possible_study_date(value: date) -> None:
    """Refuse days more than a year ahead, and before there were studies (ValidationError)."""
    if value > business_day() + timedelta(days=FARTHEST_DAYS):
        raise ValidationError(_("A study cannot be more than a year ahead."), code="in_the_future")
    if value < OLDEST_STUDY_DATE:
        raise ValidationError(
            _("A study cannot be before %(oldest)s."),
            code="too_long_ago",
            params={"oldest": OLDEST_STUDY_DATE.isoformat()},
        )


def check_status(status: str, performed_on: date | None) -> None:
    """Refuse a study that is made already on a day to come (ValidationError).

    East of here it may be tomorrow already.
    """
    made = status in {StudyStatus.PERFORMED, StudyStatus.REPORTED}
    if made and performed_on and performed_on > business_day() + timedelta(days=1):
        raise ValidationError(
            {
                "performed_on": ValidationError(
                    _("A study that is made already cannot be in the future."),
                    code="in_the_future",
                )
            }
        )


def foldable(value: str) -> None:
    """Refuse an address that is too long once it is folded; the first migration names it."""
    if not value.isascii() and len(email_key(value)) > EMAIL_LENGTH:
        raise ValidationError(_("This e-mail address is too long."), code="max_length")


def readable_text(value: str) -> None:
    """Refuse what :func:`core.validators.plain_text` does, except for line breaks."""
    if not (is_clean(value, lines=True) and is_visible(value)):
        plain_text(value.replace("\n", " "))
