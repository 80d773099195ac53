"""What the clinic's lines of the journal are called (:mod:`core.admin.words`)."""

import re

from django.utils.translation import gettext, gettext_noop

from core.models import Action

REASONS = (gettext_noop("import: studies added"),)  # that imports write: here for the translations
# What services write about the patient whose study changed.
STUDY = re.compile(r"study (?P<key>[0-9]+): (?P<what>\w+)(?: \((?P<why>.*)\))?", re.DOTALL)
MOVED = re.compile(
    r"study (?P<key>[0-9]+): moved from patient (?P<source>[0-9]+) to patient (?P<into>[0-9]+)"
)


def reason(text: str) -> str:
    """Return what happened to a patient's study in words; nothing for another text."""
    if (moved := MOVED.fullmatch(text)) is not None:
        about = moved.groupdict()
        return gettext("Study %(key)s: from patient %(source)s to patient %(into)s") % about
    found = STUDY.fullmatch(text)
    if found is None:
        return ""
    what = found["what"]
    done = Action(what).label if what in Action.values else gettext(what)
    if what == Action.DELETE:
        done = gettext("archived")  # nothing is deleted here
    about = {"key": found["key"], "done": done}
    said = gettext("Study %(key)s: %(done)s") % about
    return f"{said} ({found['why']})" if found["why"] else said
