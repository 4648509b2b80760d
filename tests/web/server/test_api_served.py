"""The API over a real connection: through the request guard, and with the documented example."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from station.config import Config, PageConfig
from tests.tree import ROOT
from tests.web.api_world import BEN, World, open_world
from web.server.http import Server, open_page

EXAMPLE = re.search(r"```python\n(.*?)```", (ROOT / "web" / "api" / "README.md").read_text(encoding="utf-8"), re.DOTALL)
MAX_LINES = 24
START = "/api/v1/start"
BODY = '{"routine": "test"}'


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as opened:
        yield opened


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    served = open_page(world.station, world.store, Config(page=PageConfig(port=0)))
    served.start()
    yield served
    served.stop()


def ask(
    server: Server, method: str, path: str, body: str = "", **headers: str
) -> tuple[int, str | None, dict[str, object]]:
    """The status, media type and JSON of a response."""
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    line.request(method, path, body, {"Content-Type": "application/json", **given})
    answer = line.getresponse()
    found = json.loads(answer.read())
    line.close()
    return answer.status, answer.headers["Content-Type"], found


def test_example_of_the_documentation_runs(world: World, server: Server, tmp_path: Path) -> None:
    """Unchanged, on a bare interpreter, against a served station."""
    assert EXAMPLE is not None
    assert len(EXAMPLE[1].strip().splitlines()) <= MAX_LINES
    program = tmp_path / "example.py"
    program.write_text(EXAMPLE[1], encoding="utf-8")
    done = subprocess.run(
        (sys.executable, "-I", "-S", program, f"http://127.0.0.1:{server.port}", world.tokens["member"]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *results, sentence = done.stdout.splitlines()
    assert [line[11:] for line in results] == ["left  84 mm ± 2.4", "right 102 mm ± 2.4"]
    assert sentence == "Your starting point: left 8.4 cm, right 10.2 cm."


def test_token_starts_a_session_without_a_page(world: World, server: Server) -> None:
    """A program sends no Origin."""
    status, kind, found = ask(server, "POST", START, BODY, **world.headers("owner"))
    assert (status, kind) == (200, "application/json"), found
    assert len(world.station.started) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 421),
    ],
)
def test_page_of_another_site_starts_nothing_with_a_token(
    world: World, server: Server, headers: dict[str, str], status: int
) -> None:
    found = ask(server, "POST", START, BODY, **world.headers("owner"), **headers)
    assert found[:2] == (status, "application/problem+json")
    assert found[2]["code"] == "refused"
    assert world.station.started == []


def test_preflight_of_another_site_is_refused(server: Server, world: World) -> None:
    """A browser sends a preflight before it sends a token for another site's script; the answer is no."""
    status, kind, _ = ask(server, "OPTIONS", START, Origin="http://evil.example", Access_Control_Request_Method="POST")
    assert (status, kind) == (405, "application/problem+json")


def test_write_without_a_token_needs_none_of_the_guard(server: Server, world: World) -> None:
    """With a cookie it is refused, even from this station's own page."""
    own = {"Origin": f"http://127.0.0.1:{server.port}", "Sec_Fetch_Site": "same-origin"}
    status, _, found = ask(server, "POST", START, BODY, Cookie=f"access=cookie-of-{BEN}", **own)
    assert (status, found["code"]) == (401, "unauthenticated")
    status, _, found = ask(server, "POST", START, BODY, Cookie=f"access=cookie-of-{BEN}")
    assert (status, found["code"]) == (403, "refused")


def test_oversized_body_is_refused(server: Server, world: World) -> None:
    status, kind, found = ask(server, "POST", START, " " * 70_000, **world.headers("owner"))
    assert (status, kind) == (413, "application/problem+json")
    assert "64 KB" in str(found["detail"])
