"""Who may do what with patients: clinicians work with them, nobody else reads about them.

SUPPORT sees that a patient exists (see views.PatientViewSet), merges duplicates and restores from
the admin.
"""

from core.api.permissions import WORKS, AdminTable, roles
from core.roles import Role

CLINICIANS = roles(Role.CLINICIAN)
SUPPORT = roles(Role.SUPPORT)
CLINICIANS_AND_SUPPORT = roles(Role.CLINICIAN, Role.SUPPORT)

PATIENTS = {
    "list": CLINICIANS_AND_SUPPORT,  # SUPPORT: that somebody exists, no more
    "retrieve": CLINICIANS_AND_SUPPORT,
    "create": CLINICIANS,
    "update": CLINICIANS,
    "partial_update": CLINICIANS,
    "destroy": CLINICIANS,
    "merge": SUPPORT,
    "undo_merge": SUPPORT,
    "import_files": CLINICIANS,
    "export_file": CLINICIANS,
}
STUDIES = {
    "list": CLINICIANS,
    "retrieve": CLINICIANS,
    "create": CLINICIANS,
    "update": CLINICIANS,
    "partial_update": CLINICIANS,
    "destroy": CLINICIANS,
    "vocabulary": CLINICIANS,
}
ACCESS_LOG = {"list": CLINICIANS}
VERSIONS = {"list": CLINICIANS}
IN_ADMIN: AdminTable = {Role.SUPPORT: WORKS}
