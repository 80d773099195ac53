"""The routes of patients and studies, below ``/api/``."""

from rest_framework_nested.routers import NestedSimpleRouter

from clinic.views import AccessLogViewSet, PatientStudyViewSet, PatientViewSet, StudyViewSet
from core.api.routers import Router

router = Router()
router.register("patients", PatientViewSet, basename="patient")
router.register("studies", StudyViewSet, basename="study")

of_patient = NestedSimpleRouter(router, "patients", lookup="patient", trailing_slash=False)
of_patient.register("studies", PatientStudyViewSet, basename="patient-study")
of_patient.register("access-log", AccessLogViewSet, basename="patient-access-log")

urlpatterns = [*router.urls, *of_patient.urls]
