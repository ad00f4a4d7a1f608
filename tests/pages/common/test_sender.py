"""What a board fetches by itself: only what is new, in order, and from nobody else's tab."""

from __future__ import annotations

import gc
import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from starlette.requests import Request
from starlette.responses import Response

from core.runs.manager import UnknownComparison
from hosting.application import _everywhere
from pages.shared.common.live_board.payload import BoardContents
from pages.shared.common.live_board.sender import PATH, Moment, Sender, answer
from tests.browser.made_up import histories

NOTHING = {"picture": "", "last": {}}


class Running:
    """A comparison as a board's source sees it."""

    def __init__(self, updates: int):
        self.moment = Moment(BoardContents(histories(updates), "mine"), 0.5, "going")
        self.gone = False

    def goes_on(self, updates: int, **changed) -> None:
        self.moment = replace(self.moment, shown=BoardContents(histories(updates), "mine"), **changed)

    def __call__(self) -> Moment:
        if self.gone:
            raise UnknownComparison("it was deleted")
        return self.moment


def get(path: str, has: object) -> Response:
    """What the server answers to a browser that has this."""
    query = urlencode({"has": has if isinstance(has, str) else json.dumps(has)}).encode()
    assert path.startswith(f"{PATH}/")
    return answer(Request({"type": "http", "path_params": {"token": path.removeprefix(f"{PATH}/")}, "query_string": query}))


def read(response: Response) -> dict:
    return json.loads(response.body)


def by_script(sender: Sender, source, asked: dict | None = None) -> dict:
    return json.loads(sender.send(source, asked)[1])


@pytest.fixture
def sent():
    """(sender, source, first message): a board that the script has drawn."""
    sender, source = Sender(), Running(100)
    return sender, source, by_script(sender, source)


def has(message: dict) -> dict:
    return {"picture": message["picture"], "last": {label: side["update"][1] for label, side in message["points"].items()}}


def test_it_gets_what_is_new_since_what_it_says_that_it_has(sent):
    sender, source, first = sent
    assert first["full"] and first["fetch"] == {"path": f"{PATH}/{sender.token}", "seconds": 0.5} and not first["stale"]
    source.goes_on(130)
    found = get(first["fetch"]["path"], has(first))
    assert found.headers["content-type"] == "application/json" and found.headers["cache-control"] == "no-store"
    told = read(found)
    assert not told["full"] and [side["update"] for side in told["points"].values()] == [[101, 130]] * 2
    assert told["order"] > first["order"]
    lost = read(get(first["fetch"]["path"], has(first)))  # the answer did not arrive: the next one holds the same
    assert lost["points"] == told["points"] and lost["order"] > told["order"]
    assert read(get(first["fetch"]["path"], NOTHING))["full"]


def test_it_is_told_when_the_page_around_it_is_out_of_date_and_when_nothing_more_will_come(sent):
    sender, source, first = sent
    source.goes_on(120, mark="over", seconds=None)
    told = read(get(first["fetch"]["path"], has(first)))
    assert told["stale"] and told["fetch"]["seconds"] is None
    drawn = by_script(sender, source)  # it has drawn the page anew
    assert not drawn["stale"] and not drawn["full"]


def test_the_script_sends_a_picture_that_is_new_and_otherwise_what_it_is_asked_for(sent):
    sender, source, first = sent
    source.goes_on(130)
    other = by_script(sender, source)
    assert other["points"] is None and other["fetch"]["seconds"] == 0 and not other["full"] and "charts" not in other
    asked = by_script(sender, source, has(first))  # by a browser that could not fetch
    assert [side["update"] for side in asked["points"].values()] == [[101, 130]] * 2 and asked["fetch"]["seconds"] == 0.5
    assert by_script(sender, source, {"picture": None, "last": {}})["full"]
    source.moment = replace(source.moment, shown=replace(source.moment.shown, seeds=True))
    assert by_script(sender, source)["full"] and not by_script(sender, source)["full"]


def test_who_says_to_have_more_than_there_is_gets_nothing_new(sent):
    sender, source, first = sent
    beyond = {"picture": first["picture"], "last": {"GRPO": 10**30, "DAPO": 100}}
    assert [side["metrics"]["grad_norm"]["mean"] for side in by_script(sender, source, beyond)["points"].values()] == [[], []]


def test_who_has_no_board_there_gets_nothing(sent):
    sender, _, first = sent
    assert get(f"{PATH}/{sender.token}x", NOTHING).status_code == 404
    for wrong in (
        "",
        "{",
        "[]",
        "null",
        '{"picture": "a"}',
        '{"picture": "a", "last": [1]}',
        '{"picture": "a", "last": {"GRPO": "x"}}',
    ):
        assert get(first["fetch"]["path"], wrong).status_code == 400, wrong
    assert get(f"{PATH}/{Sender().token}", NOTHING).status_code == 404


def test_a_comparison_that_cannot_be_read_is_the_scripts_to_explain(sent):
    _, source, first = sent
    source.gone = True
    assert get(first["fetch"]["path"], NOTHING).status_code == 503


def test_with_its_tab_a_board_ends():
    sender, source = Sender(), Running(10)
    path = by_script(sender, source)["fetch"]["path"]
    assert get(path, NOTHING).status_code == 200
    del sender
    gc.collect()
    assert get(path, NOTHING).status_code == 404


def test_below_a_folder_the_address_is_there_too(monkeypatch):
    monkeypatch.setattr("streamlit.get_option", lambda name: "/lab/" if name == "server.baseUrlPath" else None)
    assert [route.path for route in _everywhere("/board/{token}", answer)] == ["/board/{token}", "/lab/board/{token}"]
