"""What is measured of Plaza's older apps, and how the answers of two servers are compared."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.common import BARE, MAX_PAGE_ROWS, PAGE_ROWS
from benchmarks.data import DOGS, PASSWORD, USERS
from benchmarks.load import Load
from benchmarks.sync.data import FIGURES_FROM, FIGURES_TO

if TYPE_CHECKING:
    import psycopg2

    from benchmarks.sync.phones import Phone

type_json = Any
FIGURES = f"/api/stores/figures?from={FIGURES_FROM}&to={FIGURES_TO}&group_by=region,typology"
READ_BY_PAGE = "page 1,000 of dogs"
PEERS = ("fastapi", "flask", "drf", "litestar")
WRITERS = tuple(f"{name}{end}" for name in PEERS for end in ("", BARE))
EVERYBODY = (*WRITERS, "limit", f"limit{BARE}", f"bolt{BARE}")
JSON = {"Content-Type": "application/json"}


class Answer(NamedTuple):
    """What a server answered."""

    status: int
    body: bytes
    headers: Any


class Caller:
    """Sends single requests to one server, with the token of one role."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: str = ""
    ) -> Answer:
        """Return the answer, which may be 304; end the program when it is a refusal."""
        answer = self.request(method, path, headers, body)
        if answer.status >= 400:
            said = answer.body[:600].decode(errors="replace")
            raise SystemExit(
                f"bench: {self.url} answers {method} {path} by {answer.status}: {said}"
            )
        return answer

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: str = ""
    ) -> Answer:
        """Return the answer, whatever it is."""
        wanted = urllib.request.Request(
            self.url + path, method=method, data=body.encode() or None, headers=headers or {}
        )
        try:
            with urllib.request.urlopen(wanted, timeout=20) as answer:
                return Answer(answer.status, answer.read(), answer.headers)
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read(), error.headers)

    def send(
        self, method: str, path: str, body: str = "", headers: dict[str, str] | None = None
    ) -> tuple[type_json, Any]:
        """Return the JSON answer and its headers."""
        answer = self.ask(method, path, headers, body)
        return json.loads(answer.body), answer.headers

    def token(self, email: str) -> str:
        """Sign in and return an access token."""
        body = json.dumps({"email": email, "password": PASSWORD})
        return self.send("POST", "/api/auth/token", body, JSON)[0]["access"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One server's turn at one scenario, and what it may use; no other turn has its stamp."""

    server: str
    caller: Caller
    stamp: str
    tokens: dict[str, str]
    paths: dict[tuple[str, str], str]  # by scenario and server
    phones: "list[Phone]"
    database: "psycopg2.extensions.connection"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One request, how each server is sent it, and who takes part."""

    name: str
    load: Load
    role: str = ""  # whose token goes along
    peers: tuple[str, ...] = EVERYBODY
    is_list: bool = False
    ignored: frozenset[str] = frozenset()  # keys of the answer that differ by nature
    ours: frozenset[str] = frozenset()  # keys that only Plaza answers
    what: str = "get"
    requests: int = field(default=1, init=False)  # that make one figure

    @property
    def kind(self) -> str:
        """Return what kind of request it is: read, list, write or login."""
        if self.what == "get":
            return "list" if self.is_list else "read"
        return "login" if self.what == "login" else "write"

    def fitted(self, turn: Turn) -> Load:
        """Return the load with this server's token and address."""
        load = self.load
        if self.role:
            access = turn.tokens[self.role]
            load = replace(load, headers={**load.headers, "Authorization": f"Bearer {access}"})
        if path := turn.paths.get((self.name, turn.server)):
            load = replace(load, path=path)
        return load

    def load_of(self, turn: Turn) -> Load:
        """Return the load of one turn: fresh names, fresh entity tags."""
        load = self.fitted(turn)
        if self.what == "create":
            lua = load.lua.replace("SERVER", turn.server).replace("STAMP", turn.stamp)
            return replace(load, lua=lua)
        if self.what == "patch":
            ring = [f"dog-{DOGS - number}" for number in range(64)]
            lines = ["ring, tags, adopted = {}, {}, {}"]
            for dog in ring:
                body, headers = turn.caller.send(
                    "PATCH", f"/api/dogs/{dog}", '{"is_adopted": true}', load.headers
                )
                lines.append(
                    f"ring[#ring + 1] = '{dog}'; tags['{dog}'] = '{headers['ETag']}';"
                    f" adopted['{dog}'] = {str(body['is_adopted']).lower()}"
                )
            return replace(load, lua="\n".join([*lines, load.lua]))
        return load

    def answer(self, turn: Turn) -> type_json:
        """Return what the server answers, without what differs by nature."""
        send, load = turn.caller.send, self.fitted(turn)
        match self.what:
            case "create":
                path = f"/api/dogs/sample-{turn.server}-{turn.stamp}"
                answer = send("POST", path, load.body, load.headers)[0]
            case "patch":
                body = '{"is_adopted": true}'
                answer = send("PATCH", "/api/dogs/dog-99000", body, load.headers)[0]
            case "login":
                body = json.dumps({"email": "user9@bench.invalid", "password": PASSWORD})
                answer = send("POST", load.path, body, load.headers)[0]
            case _:
                answer = send("GET", load.path, headers=load.headers)[0]
        if self.is_list:
            # Only the addresses of other pages, and DRF's count, are each server's own.
            return {"results": answer["results"], "more": answer["next"] is not None}
        return {
            key: "…" if key in self.ignored else value
            for key, value in answer.items()
            if key not in self.ours
        }

    def expected(self, answer: type_json, _peers: type_json) -> type_json:
        """Return what a peer must answer when Plaza gives ``answer``: the same."""
        return answer

    def clean(self, turn: Turn) -> None:
        """Remove what a turn wrote: new dogs may stay until the run ends."""


# Each dog is a name of its own: the counter never repeats within a run of the runner.
CREATE = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("POST", "/api/dogs/new-SERVER-STAMP-" .. n)
end
"""
# 64 dogs in turn, each with the tag that its last answer had; none is asked for twice at once.
PATCH = """
local n, waiting = 0, {}
request = function()
  local dog
  repeat
    n = n + 1
    dog = ring[(n - 1) % #ring + 1]
  until not waiting[dog]
  waiting[dog] = true
  wrk.headers["If-Match"] = tags[dog]
  adopted[dog] = not adopted[dog]
  local body = '{"is_adopted": ' .. tostring(adopted[dog]) .. '}'
  return wrk.format("PATCH", "/api/dogs/" .. dog, nil, body)
end
response = function(status, headers, body)
  local dog = string.lower(string.match(body, '"name": ?"([^"]+)"') or "")
  tags[dog] = headers["ETag"] or headers["etag"]
  waiting[dog] = nil
end
"""
LOGIN = """
local n = 0
request = function()
  n = n + 1
  return wrk.format("POST", nil, nil,
    '{"email": "user' .. (n % USERS + 1) .. '@bench.invalid", "password": "PASSWORD"}')
end
""".replace("USERS", str(USERS)).replace("PASSWORD", PASSWORD)
NEW = frozenset({"id", "name", "create_date"})

SCENARIOS = [
    Scenario("one dog by name", Load("/api/dogs/dog-54321")),
    Scenario("page of 50 dogs", Load("/api/dogs"), is_list=True),
    Scenario(READ_BY_PAGE, Load("/api/dogs?page=1000"), is_list=True),
    Scenario("patients with studies", Load("/api/patients"), role="CLINICIAN", is_list=True),
    Scenario("one patient", Load("/api/patients/4321"), role="CLINICIAN"),
    Scenario("popular movies (cached)", Load("/api/movies/popular"), role="USER"),
    Scenario("favourites", Load("/api/movies/favorites"), role="USER", is_list=True),
    Scenario(
        "stores: a month's figures",
        Load(FIGURES),
        role="ADMIN",
        peers=("fastapi", f"fastapi{BARE}"),
        ignored=frozenset({"as_of"}),  # each says when it was asked
    ),
    Scenario(
        "create a dog",
        Load("/", "POST", JSON, body="{}", lua=CREATE),
        role="USER",
        peers=WRITERS,
        ignored=NEW,
        what="create",
    ),
    Scenario(
        "PATCH a dog with If-Match",
        Load("/", "PATCH", JSON, lua=PATCH),
        role="USER",
        peers=WRITERS,
        what="patch",
    ),
    Scenario(
        "login",
        Load("/api/auth/token", "POST", JSON, lua=LOGIN),
        peers=WRITERS,
        ignored=frozenset({"access", "refresh"}),
        ours=frozenset({"device"}),
        what="login",
    ),
]
USER_OF = {"ADMIN": 1, "CLINICIAN": 2, "USER": 3}


def email_of(role: str) -> str:
    """Return the address of the user who has a role."""
    return f"user{USER_OF[role]}@bench.invalid"


def cursor_of_page(caller: Caller, number: int) -> str:
    """Walk to a page of dogs and return its path; cursors do not depend on the limit."""
    path = f"/api/dogs?limit={MAX_PAGE_ROWS}"
    for _ in range((number - 1) * PAGE_ROWS // MAX_PAGE_ROWS):
        path = caller.send("GET", path)[0]["next"].removeprefix(caller.url)
    rest = (number - 1) * PAGE_ROWS % MAX_PAGE_ROWS
    if rest:
        path = path.replace(f"limit={MAX_PAGE_ROWS}", f"limit={rest}")
        path = caller.send("GET", path)[0]["next"].removeprefix(caller.url)
    return path.replace(f"limit={rest or MAX_PAGE_ROWS}", f"limit={PAGE_ROWS}")
