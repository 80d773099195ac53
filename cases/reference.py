"""What the app cannot do without: a calendar, which people then change."""

from django.utils.translation import gettext_noop as noop

from cases.models import WorkCalendar
from core.audit import journal


def load() -> str:
    """Make the calendar that holds where nothing else is said, unless there is one."""
    if WorkCalendar.objects.filter(is_default=True).exists():
        return "a calendar is here already"
    calendar, made = WorkCalendar.objects.get_or_create(
        name_key="support", defaults={"name": noop("Support"), "is_default": True}
    )
    if made:
        journal.record(journal.Action.CREATE, calendar, changes=journal.initial(calendar))
    return "the calendar of support"
