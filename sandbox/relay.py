"""The file relay: takes a multipart upload and says which name it saw."""

import hashlib
import threading
from http import HTTPStatus
from typing import Any

from sandbox.forms import form_file
from sandbox.messages import Call, Reply


class Relay:
    """A FastAPI upload endpoint: `POST /api/files` with the form field `file`."""

    wrong_type: Any = ["file.bin"]

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received: list[dict[str, Any]] = []

    def answer(self, call: Call) -> Reply:
        """Take a file, or list those taken."""
        if call.path.rstrip("/") != "/api/files":
            return Reply(status=404, body=self.error(404))
        if call.method == "GET":
            with self._lock:
                return Reply(body={"files": list(self._received)})
        if call.method != "POST":
            return Reply(status=405, body=self.error(405))
        found = form_file(call.headers.get("content-type", ""), call.body)
        if found is None:
            return Reply(status=422, body=_MISSING)
        name, content = found
        entry = {
            "filename": name,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        with self._lock:
            self._received.append(entry)
        return Reply(body={"filename": name})

    def error(self, status: int) -> Any:
        """Return FastAPI's error document."""
        return {"detail": HTTPStatus(status).phrase}

    def reset(self) -> None:
        """Forget the files."""
        with self._lock:
            self._received.clear()


_MISSING = {
    "detail": [{"type": "missing", "loc": ["body", "file"], "msg": "Field required", "input": None}]
}
