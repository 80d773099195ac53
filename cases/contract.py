"""What the contract says of cases that no rule knows."""

from rest_framework.exceptions import APIException

from cases import errors
from core import cases
from core.api.schema.tables import Operation, Resource


def of_kinds() -> tuple[type[APIException], ...]:
    """Return what the apps that run have against resolutions of their kinds, each once."""
    return tuple(dict.fromkeys(one for kind in cases.kinds().values() for one in kind.errors))


PLACES = {"id": ("The case's number, with or without `C-`.", "1042")}
MOVED = (errors.CaseState,)

CASES = Resource(
    "case",
    {
        "list": Operation(
            description="Return cases, the newest first. A SELLER sees those that they filed."
        ),
        "retrieve": Operation(description="Return a case, whole."),
        "create": Operation(
            description="File a case. A SELLER files one of the kinds that sellers may file; "
            "`priority` and `reporter` are for support.",
            errors=(errors.UnknownKind, errors.UnknownReporter),
            example={"kind": "question", "subject": "My app shows no stores"},
        ),
        "partial_update": Operation(
            description="Change subject or priority; with the priority the due times move.",
            errors=MOVED,
            example={"priority": 1},
        ),
        "take": Operation(
            "takeCase",
            description="Take the case: it is open, and the caller's. Of two who take one at the "
            "same time one gets 409.",
            errors=(errors.CaseTaken, *MOVED),
        ),
        "assign": Operation(
            "assignCase",
            description="Give the case to somebody of support, or with null to nobody.",
            errors=(errors.UnknownAssignee, *MOVED),
            example={"assignee": None},
        ),
        "reply": Operation(
            "replyToCase",
            "Reply to a case",
            description="Write to the other side. Support's first visible text is the first "
            "response, and takes a case that is nobody's; with `visible_to_seller: false` it is a "
            "note that support alone reads. A seller's text opens a case that waited for it.",
            errors=MOVED,
            example={"text": "Which version of the app do you have?"},
        ),
        "wait": Operation(
            "letCaseWait",
            "Let a case wait",
            description="Let the case wait for its seller, who reads the note, or for a vendor. "
            "The clock of the solution stops. After five working days without an answer of the "
            "seller the case is resolved as `no_answer`.",
            errors=MOVED,
            example={"for": "seller", "note": "Please send a photo."},
        ),
        "resolve": Operation(
            "resolveCase",
            description="Resolve the case, which does with its object what the resolution means. "
            "Further values, named by the resolution of the case's kind, stand beside the others: "
            '`{"resolution": "alias_of", "product": 12}`.',
            errors=(errors.UnknownResolution, errors.ResolutionValue, *MOVED, *of_kinds()),
            example={"resolution": "answered", "note": "Version 2.1 does it."},
        ),
        "reopen": Operation(
            "reopenCase",
            description="Go on with a resolved case (200). More than thirty days after it was "
            "resolved a new case goes on, which names it in `links` (201).",
            errors=(errors.CaseAnotherOpen, *MOVED),
            example={"note": "It happened again."},
        ),
        "duplicate": Operation(
            "markDuplicate",
            "Mark a case as duplicate",
            description="End the case because another one says the same. Its reporter hears what "
            "the original's reporter hears, and its own duplicates follow it.",
            errors=(errors.UnknownCase, errors.DuplicateOfItself, *MOVED),
            example={"of": 1041},
        ),
    },
    PLACES,
)
EVENTS = Resource(
    "case event",
    {
        "list": Operation(
            "listCaseEvents",
            description="Return what happened to a case, in its order. A SELLER sees what is for "
            "them.",
        )
    },
    {"case_pk": PLACES["id"]},
)
FIGURES = Resource(
    "figures of cases", {"get": Operation("getCaseFigures", "Ask for figures of cases")}
)
FIELDS = {
    "number": "What people call the case; routes take it, too.",
    "Case.kind": "The name of its kind, which an app brings.",
    "CaseDetail.kind": "The name of its kind, which an app brings.",
    "NewCase.kind": "The name of its kind, which an app brings.",
    "kind": "The name of the kind.",
    "priority": "1 is the highest.",
    "subject": "What it is about, in a line.",
    "details": "What was reported.",
    "answer": "The latest text that support let the reporter read.",
    "reporter": "The user who reported it.",
    "assignee": "The user of support who works on it.",
    "Cases.assignee": "`me`, `none`, or a user's id.",
    "duplicate_of": "The case that says the same.",
    "object_label": "The model of what it is about, such as `stores.Visit`.",
    "object_id": "The id of what it is about.",
    "links": "Ids of further objects, by their model.",
    "request_id": "The request that went wrong.",
    "app_version": "The version of the reporter's app.",
    "occurrences": "How often it was reported.",
    "first_response_due": "By when support answers.",
    "solution_due": "By when support solves it; waiting moves it.",
    "first_responded_at": "When support first wrote to the reporter.",
    "waiting_since": "Since when it waits; null while it does not.",
    "paused_minutes": "Minutes of working time that it waited.",
    "resolved_at": "When it was resolved.",
    "resolution": "How it ended; what there is depends on the kind.",
    "resolution_values": "What the resolution took.",
    "at": "When it happened.",
    "actor": "Who did it; null for a task or a command.",
    "actor_label": "The task or command that did it.",
    "from_state": "Where it stood; empty where it did not move.",
    "to_state": "Where it stands from then on; empty where it did not move.",
    "minutes": "Minutes of working time that it had waited.",
    "note": "What was written.",
    "visible_to_seller": "Whether the reporter reads it.",
    "values": "What else there is to say.",
    "text": "What to write.",
    "for": "Who has to do something now.",
    "visible": "Whether the reporter reads the note.",
    "of": "The other case's id.",
    "breaching": "Cases whose clock runs and that are due within so many minutes; 0: overdue.",
    "state": "States, separated by commas.",
}
