"""What the allies' lines of the journal are called (:mod:`core.admin.words`)."""

from django.utils.translation import gettext

from allies.constants import LOG_ANALYSED


def reason(text: str) -> str:
    """Return in words why a log was looked into; nothing for another text."""
    begin, _colon, why = text.partition(": ")
    if begin != LOG_ANALYSED or not why:
        return ""
    return gettext("Log analysed: %(why)s") % {"why": why}
