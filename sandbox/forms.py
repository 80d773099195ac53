"""What a multipart form holds."""

from email.message import Message


def form_file(content_type: str, body: bytes) -> tuple[str, bytes] | None:
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
