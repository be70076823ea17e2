"""Rooms: one name each, and none that leads inside."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from framework.errors import UserError
from framework.web.ports import RefusedError
from framework.web.rooms import check_room, check_room_here


def refused(text, **more):
    with pytest.raises(RefusedError) as caught:
        check_room(text, **more)
    assert caught.value.status == 422
    assert caught.value.fix
    return caught.value


@pytest.mark.parametrize("name", ["lobby", "Room-1", "a", "a.b_c-d", "x" * 128, "0", "127.0.0.1", "localhost"])
def test_a_plain_name_is_a_room_and_nothing_is_reached_by_it(name):
    assert check_room(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "...", "x" * 129, "a b", "a/b", "a:b", "ä", "a\n", "{a}", "*", "a\0"])
def test_an_odd_name_is_none(name):
    refused(name)


@pytest.mark.parametrize(
    ("text", "room"),
    [
        ("https://acme.daily.co/front", "https://acme.daily.co/front"),
        ("HTTPS://ACME.Daily.CO/Front/", "https://acme.daily.co/Front"),
        ("https://acme.daily.co:443/front", "https://acme.daily.co/front"),
        ("https://acme.daily.co./front", "https://acme.daily.co/front"),
        ("wss://acme-x1.livekit.cloud", "wss://acme-x1.livekit.cloud"),
        ("wss://acme-x1.livekit.cloud/", "wss://acme-x1.livekit.cloud"),
        ("https://xn--mnchen-3ya.example/a", "https://xn--mnchen-3ya.example/a"),
        ("https://8.8.8.8/a", "https://8.8.8.8/a"),
        ("https://[2606:4700:0:0::1111]/a", "https://[2606:4700::1111]/a"),
    ],
)
def test_the_same_room_has_one_name(text, room):
    assert check_room(text) == room
    assert check_room(room) == room


INSIDE = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "redis",
    "metadata",
    "metadata.google.internal",
    "kubernetes.default.svc",
    "redis.default.svc.cluster.local",
    "printer.local",
    "router.lan",
    "nas.home.arpa",
    "127.0.0.1",
    "127.0.0.1.",
    "127.1.2.3",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "192.88.99.1",
    "[::]",
    "[::1]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:8.8.8.8]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
    "[2001:db8::1]",
]
NO_HOST = [
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "127.0.1",
    "0",
    "127.0.0.1.0x0",
    "a.0",
    "1.2.3.4.5",
    "256.1.1.1",
    "a..b",
    "-a.example",
    "a-.example",
    ".example.org",
    "[::1%25eth0]",
    "[fe80::1%eth0]",
    "[1.2.3.4]",
    "[::1",
    "",
    "%6c%6fcalhost",
    "\uff11\uff12\uff17.0.0.1",
    "ⓛocalhost",
    "127。0。0。1",
    "x" * 64 + ".example",
    "a.example:443:1",
    "a.example:x",
    "a.example:99999",
]


@pytest.mark.parametrize("host", INSIDE)
def test_an_address_that_leads_inside_is_refused(host):
    assert "inside" in refused(f"https://{host}/room").message or host.endswith(".")
    refused(f"wss://{host}/room")
    refused(f"https://{host}:443/room")


@pytest.mark.parametrize("host", NO_HOST)
def test_a_host_in_a_notation_that_means_something_else_to_others_is_refused(host):
    refused(f"https://{host}/room")


@pytest.mark.parametrize(
    "text",
    [
        "http://acme.daily.co/a",
        "ws://acme.daily.co/a",
        "file:///etc/passwd",
        "ftp://acme.daily.co/a",
        "gopher://acme.daily.co:443/a",
        "javascript:alert(1)",
        "data:text/html,a",
        "redis://acme.daily.co:443",
        "//acme.daily.co/a",
        "https:acme.daily.co/a",
        "https:/acme.daily.co/a",
        "https:///acme.daily.co/a",
        "https://",
        "https://user@acme.daily.co/a",
        "https://user:secret@acme.daily.co/a",
        "https://acme.daily.co@127.0.0.1/a",
        "https://@acme.daily.co/a",
        "https://acme.daily.co:80/a",
        "https://acme.daily.co:6379/a",
        "https://acme.daily.co:0/a",
        "https://acme.daily.co/a?t=secret",
        "https://acme.daily.co/a?",
        "https://acme.daily.co/a#b",
        "https://acme.daily.co/a#",
        "https://acme.daily.co/a/../b",
        "https://acme.daily.co/./a",
        "https://acme.daily.co//a",
        "https://acme.daily.co/a//",
        "https://acme.daily.co/%2e%2e/a",
        "https://acme.daily.co/a%00",
        "https://acme.daily.co\\@127.0.0.1/a",
        "https://acme.daily.co\\.evil.example",
        "https://acme.daily.co/a b",
        " https://acme.daily.co/a",
        "https://acme.daily.co/a\n",
        "ht\ntps://acme.daily.co/a",
        "https://acme.daily.co\t/a",
        "https://acme.daily.co/" + "a" * 600,
        "https://acme.daily.co/ä",
    ],
)
def test_an_address_with_more_in_it_than_a_room_is_refused(text):
    assert "secret" not in str(refused(text))


def test_other_ports_are_for_whoever_names_them():
    assert check_room("https://rooms.example:8443/a", ports=frozenset({443, 8443})) == "https://rooms.example:8443/a"
    refused("https://rooms.example:8444/a", ports=frozenset({443, 8443}))


def test_rooms_of_ones_own_network_are_for_whoever_says_so():
    private = {"CONVO_PRIVATE_ROOMS": "1"}
    assert check_room_here("ws://LiveKit:7880/", private) == "ws://livekit:7880"
    assert check_room_here("http://10.0.0.1:80/a", private) == "http://10.0.0.1/a"
    assert check_room_here("wss://[::1]:7880", private) == "wss://[::1]:7880"
    with pytest.raises(RefusedError):
        check_room_here("ws://livekit:7880/", {})
    with pytest.raises(RefusedError):
        check_room_here("ws://user@livekit:7880/", private)
    with pytest.raises(RefusedError):
        check_room_here("http://2130706433/", private)


@pytest.mark.parametrize("given", [{"CONVO_PRIVATE_ROOMS": "perhaps"}, {"CONVO_ROOM_PORTS": "https"}])
def test_a_setting_that_cannot_be_read_is_not_taken_for_yes(given):
    with pytest.raises(UserError):
        check_room_here("lobby", given)


HOSTS = st.sampled_from([*INSIDE, *NO_HOST, "acme.daily.co", "8.8.8.8"])


@given(
    st.text(max_size=100)
    | st.builds("{}://{}{}".format, st.sampled_from(["https", "wss", "HTTPS"]), HOSTS, st.text(max_size=20))
)
def test_whatever_is_let_through_is_named_once_and_for_all(text):
    try:
        room = check_room(text)
    except RefusedError:
        return
    assert check_room(room) == room
    assert room.isascii()
    assert room.isprintable()


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_let_through_only_if_the_whole_world_has_it(found):
    text = f"https://{found}/a"
    try:
        check_room(text)
    except RefusedError:
        return
    assert found.is_global
    assert not found.is_multicast


@given(st.integers(0, 2**32 - 1), st.sampled_from(["{}", "0x{:x}", "0{:o}"]))
def test_no_ipv4_address_in_one_number_is_let_through(number, form):
    refused(f"https://{form.format(number)}/a")


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:{}", "::{}", "64:ff9b::{}"]))
def test_no_ipv4_address_inside_an_ipv6_one_is_let_through(found, form):
    refused(f"https://[{form.format(found)}]/a")


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=20))
def test_no_other_script_becomes_a_host(text):
    assume(not text.isascii())
    refused(f"https://{text}.example/a")
