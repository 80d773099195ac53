"""What archiving is called, and what goes along with a record."""

from django.db.models import QuerySet
from django.utils.translation import gettext, ngettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from clinic.models import Patient, Study
from core.admin.removals import Removal


def effects_of_patients(patients: QuerySet[Patient]) -> list[str]:
    """Return what archiving patients does: to their studies, and to what only one may have."""
    chosen = patients.order_by().values("pk")
    count, studies = chosen.count(), Study.objects.filter(patient__in=chosen).count()
    lines = [ngettext("The patient leaves every list.", "The patients leave every list.", count)]
    if studies:
        lines.append(
            ngettext("%d study is archived as well.", "%d studies are archived as well.", studies)
            % studies
        )
    lines.append(
        gettext("E-mail addresses and ids of files are released: other patients may have them.")
    )
    return [*lines, gettext("All of it can be restored from the archive.")]


def effects_of_studies(studies: QuerySet[Study]) -> list[str]:
    """Return what archiving studies does."""
    count = studies.order_by().count()
    return [
        ngettext("The study leaves every list.", "The studies leave every list.", count),
        gettext("All of it can be restored from the archive."),
    ]


PATIENTS = Removal(
    label=_("Archive"),
    done=_("archived"),
    label_of_selected=_("Archive the selected ones"),
    question=ngettext_lazy("Archive %d patient", "Archive %d patients"),
    done_of_selected=ngettext_lazy("%d patient archived.", "%d patients archived."),
    effects=effects_of_patients,
)
STUDIES = Removal(
    label=_("Archive"),
    done=_("archived"),
    label_of_selected=_("Archive the selected ones"),
    question=ngettext_lazy("Archive %d study", "Archive %d studies"),
    done_of_selected=ngettext_lazy("%d study archived.", "%d studies archived."),
    effects=effects_of_studies,
)
