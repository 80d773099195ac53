"""Rows from files and into files, in one vocabulary for every import and export.

An import reads its file twice, in batches: first every row is checked, and a bad one is a
:class:`Problem` of the :class:`Report`; then, when there is none, rows are written. Memory holds a
batch, whatever the size of the file.

Files are read as spreadsheets write them (:func:`open_csv`): encoding, separator and the order of
day and month are found out, or given, and stand in a :class:`Layout`. Writing gives cells that no
spreadsheet runs (see :func:`core.text.inert`); reading takes their apostrophes off again, so that
what was exported imports as it was.
"""

from core.files.dialects import Sheet
from core.files.reading import (
    BATCH_ROWS,
    CHOICES,
    MAX_LINE_CHARACTERS,
    Layout,
    batches,
    open_csv,
    read_lines,
    watched,
)
from core.files.report import (
    MAX_KEPT_PROBLEMS,
    Counts,
    Problem,
    Report,
    UnusableFileError,
    type_fault,
    type_progress,
)
from core.files.writing import (
    CHUNK_ROWS,
    cell,
    csv_lines,
    csv_response,
    download,
    in_chunks,
)

__all__ = [
    "BATCH_ROWS",
    "CHOICES",
    "CHUNK_ROWS",
    "MAX_KEPT_PROBLEMS",
    "MAX_LINE_CHARACTERS",
    "Counts",
    "Layout",
    "Problem",
    "Report",
    "Sheet",
    "UnusableFileError",
    "batches",
    "cell",
    "csv_lines",
    "csv_response",
    "download",
    "in_chunks",
    "open_csv",
    "read_lines",
    "type_fault",
    "type_progress",
    "watched",
]
