"""The routes of patients and studies, below ``/api/``."""

from rest_framework_nested.routers import NestedSimpleRouter

from clinic.views.access_log import AccessLogViewSet
from clinic.views.patients import PatientViewSet
from clinic.views.studies import PatientStudyViewSet, StudyViewSet
from clinic.views.versions import PatientVersionViewSet, StudyVersionViewSet
from core.api.routers import Router

router = Router()
router.register("patients", PatientViewSet, basename="patient")
router.register("studies", StudyViewSet, basename="study")

of_patient = NestedSimpleRouter(router, "patients", lookup="patient", trailing_slash=False)
of_patient.register("studies", PatientStudyViewSet, basename="patient-study")
of_patient.register("access-log", AccessLogViewSet, basename="patient-access-log")
of_patient.register("versions", PatientVersionViewSet, basename="patient-version")

of_study = NestedSimpleRouter(router, "studies", lookup="study", trailing_slash=False)
of_study.register("versions", StudyVersionViewSet, basename="study-version")

urlpatterns = [*router.urls, *of_patient.urls, *of_study.urls]
