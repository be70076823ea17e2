"""Who may call the runner's doors."""

import pytest
from starlette.datastructures import Headers

from framework.web.auth import COOKIE, Guard


def headers(**values):
    return Headers({name.replace("_", "-"): value for name, value in values.items()})


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "127.8.8.8"])
def test_loopback_names_may_pass_without_a_token(host):
    assert Guard().denies(headers(host=host)) is None
    assert Guard().denies(headers(host=host, origin=f"http://{host}")) is None


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1.evil.example", "10.0.0.1:8080"])
def test_other_names_may_not(host):
    assert Guard().denies(headers(host=host)).status == 403


def test_another_port_of_this_machine_is_another_page():
    assert Guard().denies(headers(host="localhost:8080", origin="http://localhost:3000")).status == 403


def test_a_cookie_is_good_only_as_it_was_signed():
    guard = Guard("s3cret")
    value = guard.cookie(secure=False).split(";")[0]
    assert guard.denies(headers(host="x", cookie=value)) is None
    until, signature = value.removeprefix(f"{COOKIE}=").split(".")
    assert guard.denies(headers(host="x", cookie=f"{COOKIE}={int(until) + 1}.{signature}")).status == 401
    assert Guard("s3cret").denies(headers(host="x", cookie=value)).status == 401
    assert guard.denies(headers(host="x", cookie="=;;;")).status == 401


def test_a_cookie_travels_on_secure_connections_only_where_there_is_one():
    assert "Secure" in Guard("s3cret").cookie(secure=True)
    assert "Secure" not in Guard("s3cret").cookie(secure=False)


def test_the_token_is_not_shown_in_a_representation():
    assert "s3cret" not in repr(Guard("s3cret"))
