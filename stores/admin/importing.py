"""The page that imports products, establishments or assignments."""

from dataclasses import asdict

from core.admin import words
from core.admin.import_forms import Outcome
from core.admin.imports import ImportPages, Job
from core.files import Report
from stores.admin.base import CatalogueAdmin
from stores.files.importing import import_file


class ImportCatalogue(ImportPages, CatalogueAdmin):
    """Mixin: imports the file that the list exports."""

    def import_files(self, job: Job, report: Report, *, dry_run: bool) -> Outcome:
        """Import the rows of the list's file."""
        layout = job.layout()
        stream = job.streams()["file"]
        counts = import_file(self.sheet, stream, dry_run=dry_run, report=report, layout=layout)
        label = words.capitalised(self.opts.verbose_name_plural)
        return Outcome({label: asdict(counts)}, {label: str(layout)})
