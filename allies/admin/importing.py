"""The page that imports allies."""

from dataclasses import asdict

from django.utils.translation import gettext_lazy as _

from allies.errors import ImportOvertaken, ImportRefused
from allies.files.importing import import_file
from core.admin import words
from core.admin.import_forms import FileForm, Outcome, file_field
from core.admin.imports import ImportPages, Job
from core.errors import ApplicationError
from core.files import Report


class AlliesFileForm(FileForm):
    """A file as the command takes it."""

    file = file_field(_("CSV (id,data) or JSON Lines"))


class ImportAllies(ImportPages):
    """Mixin: imports what manage.py import_allies takes."""

    upload_form = AlliesFileForm
    import_errors = (ApplicationError, ImportRefused, ImportOvertaken)

    def import_files(self, job: Job, report: Report, *, dry_run: bool) -> Outcome:
        """Import allies; what a row does not name stays as it is."""
        layout = job.layout()
        stream = job.streams()["file"]
        counts = import_file(stream, dry_run=dry_run, report=report, layout=layout)
        label = words.capitalised(self.opts.verbose_name_plural)
        return Outcome({label: asdict(counts)}, {label: str(layout)})
