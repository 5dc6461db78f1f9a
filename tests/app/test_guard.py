"""Which requests are answered, and what an answer lets a browser do."""

from __future__ import annotations

import pytest

pytest.importorskip("starlette", reason="the extra app is not installed")

from starlette.testclient import TestClient

from tremor.app.desk import Desk
from tremor.app.guard import Access
from tremor.app.pages import application

LOCAL = "http://127.0.0.1:8017"
LAN = "http://192.168.7.5:8017"


@pytest.fixture
def access():
    return Access(8017, lan="192.168.7.5")


@pytest.fixture
def app(tmp_path, access):
    return application(Desk(tmp_path), access)


def client(app, url=LOCAL):
    return TestClient(app, base_url=url, follow_redirects=False)


@pytest.mark.parametrize(
    ("server", "host", "status"),
    [
        (LOCAL, "127.0.0.1:8017", 200),
        (LOCAL, "localhost:8017", 200),
        (LOCAL, "LOCALHOST:8017", 200),
        (LOCAL, "127.0.0.1", 403),
        (LOCAL, "127.0.0.1:80", 403),
        (LOCAL, "evil.example:8017", 403),
        (LOCAL, "127.0.0.1:8017.evil.example", 403),
        (LOCAL, "192.168.7.5:8017", 403),
        (LOCAL, "", 403),
        (LAN, "127.0.0.1:8017", 403),  # whoever comes over the network is not of this computer
        (LAN, "localhost:8017", 403),
    ],
)
def test_host_must_be_a_name_that_it_listens_under(app, server, host, status):
    assert client(app, server).get("/", headers={"host": host}).status_code == status


@pytest.mark.parametrize(
    ("origin", "is_taken"),
    [
        (LOCAL, True),
        ("http://localhost:8017", False),  # not the name that the page was loaded under
        ("http://evil.example", False),
        ("https://127.0.0.1:8017", False),
        ("null", False),
        (None, False),
    ],
)
def test_what_changes_something_comes_from_its_own_pages(app, origin, is_taken):
    headers = {} if origin is None else {"origin": origin}
    answer = client(app).post("/command", data={"kind": "marker"}, headers=headers)
    assert answer.status_code == (204 if is_taken else 403)


def test_a_device_joins_once_with_a_token(app, access):
    token, joined = access.token, []
    access.on_join = lambda: joined.append(access.token)
    stranger, guest = client(app, LAN), client(app, LAN)
    assert stranger.get("/").status_code == 403
    assert stranger.get("/join?token=wrong").status_code == 403
    for path in ("/start", "/drop", "/command", f"/join?token={token}"):
        assert stranger.post(path, headers={"origin": LAN}).status_code == 403
    assert joined == []
    answer = guest.get(f"/join?token={token}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert guest.get("/").status_code == 200
    assert stranger.get(f"/join?token={token}").status_code == 403  # it is used up
    assert joined == [access.token] != [token]
    assert stranger.get("/", headers={"cookie": "tremor=guessed"}).status_code == 403
    assert (
        stranger.get("/", headers={"cookie": "tremor=\xe4;;=".encode("latin-1")}).status_code == 403
    )


def test_without_a_network_nobody_joins(tmp_path):
    alone = Access(8017)
    app = application(Desk(tmp_path), alone)
    assert client(app, LAN).get(f"/join?token={alone.token}").status_code == 403
    assert alone.join(alone.token) is None


@pytest.mark.parametrize("path", ["/", "/sessions", "/drop", "/static/app.js", "/nothing"])
def test_no_answer_lets_anything_in_or_out(app, path):
    headers = client(app).get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/sessions/..%2f..%2fetc%2fpasswd",
        "/sessions/%2e%2e/report",
        "/sessions/./report",
        "/static/..%2fapp.js",
        "/static/uPlot.LICENSE",
        "/captures/..%2f..",
        "/captures/x/page",
    ],
)
def test_no_path_leads_to_the_disk(app, path):
    assert client(app).get(path).status_code == 404


def test_pages_load_nothing_from_elsewhere(app):
    for path in ("/", "/sessions", "/drop"):
        html = client(app).get(path).text
        assert "http:" not in html
        assert "https:" not in html
        assert "style=" not in html
        assert "<script>" not in html
