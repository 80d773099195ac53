"""The models of the app."""

from cases.models.cases import Case, CaseEvent
from cases.models.rules import CalendarException, Macro, SlaPolicy, WorkCalendar

__all__ = ["CalendarException", "Case", "CaseEvent", "Macro", "SlaPolicy", "WorkCalendar"]
