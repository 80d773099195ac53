"""A service that looks at shelves: it makes up what it sees, the same for the same picture."""

import hashlib
from http import HTTPStatus
from typing import Any

from sandbox.forms import form_file
from sandbox.messages import Call, Reply

TOKEN = "sandbox-vision-token"  # noqa: S105 - opens only this sandbox
_PRODUCTS = 60  # as many as the demo data has
_LABELS = ("yogur griego frutos rojos", "kumis natural", "avena canela", "queso campesino")


class Vision:
    """What `stores.recognition.http` asks: `POST /api/recognise` with the form field `file`."""

    wrong_type: Any = ["yogur"]

    def __init__(self, *, token: str = TOKEN) -> None:
        self._authorization = f"bearer {token}"

    def answer(self, call: Call) -> Reply:
        """Look at a picture: one product of the catalogue, and one label that is none."""
        if call.path != "/api/recognise":
            return self._refuse(404)
        if call.method != "POST":
            return self._refuse(405)
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if f"{scheme.lower()} {token}" != self._authorization:
            return self._refuse(401)
        form = form_file(call.headers.get("content-type", ""), call.body)
        if form is None:
            return self._refuse(422)
        number = int.from_bytes(hashlib.sha256(form[1]).digest()[:4])
        label = _LABELS[number % len(_LABELS)]
        known = {
            "kind": "label",
            "value": label,
            "product": number % _PRODUCTS + 1,
            "box": [0.1, 0.2, 0.25, 0.3],
            "confidence": 0.5 + number % 45 / 100,
        }
        strange = {
            "kind": "text",
            "value": f"{label} nuevo",
            "product": None,
            "box": [0.55, 0.4, 0.2, 0.3],
            "confidence": 0.4,
        }
        return Reply(body={"found": [known, strange]})

    def error(self, status: int) -> Any:
        """Return the service's error document."""
        return {"error": HTTPStatus(status).phrase}

    def reset(self) -> None:
        """Nothing is remembered between calls."""

    def _refuse(self, status: int) -> Reply:
        return Reply(status=status, body=self.error(status))
