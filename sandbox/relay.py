"""The file relay: takes a multipart upload and says which name it saw."""

import hashlib
import threading
from email.message import Message
from http import HTTPStatus
from typing import Any

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
        found = _form_file(call.headers.get("content-type", ""), call.body)
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


def _form_file(content_type: str, body: bytes) -> tuple[str, bytes] | None:
    """Find the form field `file`; its bytes are kept exactly, which email.parser would not do."""
    header = _header(content_type)
    boundary = header.get_boundary()
    if header.get_content_type() != "multipart/form-data" or not boundary:
        return None
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:]:
        head, found, content = part.partition(b"\r\n\r\n")
        if not found:
            continue
        for line in head.decode("utf-8", "replace").split("\r\n"):
            key, _, value = line.partition(":")
            if key.strip().lower() != "content-disposition":
                continue
            disposition = _header(value.strip())
            name = disposition.get_param("filename")
            if disposition.get_param("name") == "file" and isinstance(name, str):
                return name, content
    return None


def _header(value: str) -> Message:
    message = Message()
    message["Content-Type"] = value.replace("\n", " ").replace("\r", " ")
    return message
