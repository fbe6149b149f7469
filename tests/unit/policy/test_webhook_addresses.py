"""Where webhooks may go. Every address range that is somebody's inside stands here by name."""

from __future__ import annotations

import ipaddress

import pytest

from procession.policy.webhook_addresses import URL_CHARACTERS_MAX, Permissions, allowed, target

PUBLIC = Permissions()
OFFICE = Permissions((ipaddress.ip_network("10.20.0.0/16"), ipaddress.ip_network("fd12:3456::/32")))
LOCAL = Permissions(loopback_http=True)

INSIDE = (
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "169.254.0.1", "100.64.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "100::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b::7f00:1"),
    *("2002:7f00:1::1", "2002:a00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "::127.0.0.1"),
)


@pytest.mark.parametrize("address", INSIDE)
def test_nothing_inside_is_allowed_however_it_is_written(address: str) -> None:
    assert not allowed(ipaddress.ip_address(address), PUBLIC)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_allowed_with_tls_only(address: str) -> None:
    assert allowed(ipaddress.ip_address(address), PUBLIC)
    assert not allowed(ipaddress.ip_address(address), PUBLIC, secure=False)
    assert not allowed(ipaddress.ip_address(address), LOCAL, secure=False)


def test_a_network_that_is_named_is_allowed_and_its_neighbour_is_not() -> None:
    assert allowed(ipaddress.ip_address("10.20.255.255"), OFFICE)
    assert allowed(ipaddress.ip_address("::ffff:10.20.0.1"), OFFICE)
    assert allowed(ipaddress.ip_address("fd12:3456::1"), OFFICE)
    assert not allowed(ipaddress.ip_address("10.21.0.0"), OFFICE)
    assert not allowed(ipaddress.ip_address("127.0.0.1"), OFFICE)
    assert not allowed(ipaddress.ip_address("10.20.0.1"), OFFICE, secure=False)


def test_this_machine_is_allowed_where_the_setting_says_so_and_nothing_else_with_it() -> None:
    assert allowed(ipaddress.ip_address("127.0.0.1"), LOCAL, secure=False)
    assert allowed(ipaddress.ip_address("::1"), LOCAL)
    here = {one for one in INSIDE if "127." in one or "7f00" in one or one == "::1"} - {"::127.0.0.1"}
    assert {one for one in INSIDE if allowed(ipaddress.ip_address(one), LOCAL)} == here


@pytest.mark.parametrize(
    ("url", "authority", "path", "secure"),
    [
        ("https://hooks.example.com/a?b=c", "hooks.example.com", "/a?b=c", True),
        ("https://hooks.example.com:8443", "hooks.example.com:8443", "/", True),
        ("HTTPS://Hooks.Example.COM/A", "hooks.example.com", "/A", True),
        ("https://[2606:4700::1111]:444/x", "[2606:4700::1111]:444", "/x", True),
    ],
)
def test_an_address_is_taken_apart(url: str, authority: str, path: str, secure: bool) -> None:
    found = target(url, PUBLIC)
    assert (found.authority, found.path, found.secure) == (authority, path, secure)


@pytest.mark.parametrize(
    "url",
    [
        *("", "hooks.example.com", "//hooks.example.com", "ftp://hooks.example.com", "https://", "https:///x"),
        *("javascript:alert(1)", "https://a:b@hooks.example.com", "https://user@hooks.example.com"),
        *("https://hooks.example.com/#part", "https://hooks.example.com:0/", "https://hooks.example.com:99999/"),
        *("https://hooks.example.com/ä", "https://hooks.example.com/a b", "https://hooks.example.com/\n", "https://["),
        *("http://hooks.example.com/", "http://localhost:3000/", "http://127.0.0.1/", "https://127.0.0.1/"),
        *("https://169.254.169.254/latest", "https://[::1]/", "https://10.0.0.1/", "https://[::ffff:10.0.0.1]/"),
        "https://hooks.example.com/" + "x" * URL_CHARACTERS_MAX,
    ],
)
def test_what_no_webhook_may_have_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        target(url, PUBLIC)


def test_the_longest_address_is_taken() -> None:
    start = "https://hooks.example.com/"
    assert target(start + "x" * (URL_CHARACTERS_MAX - len(start)), PUBLIC).host == "hooks.example.com"


def test_http_goes_to_this_machine_only_and_where_the_setting_says_so() -> None:
    assert not target("http://localhost:8080/x", LOCAL).secure
    assert target("http://127.0.0.1:8080/x", LOCAL).port == 8080
    for url in ("http://hooks.example.com/", "http://10.20.0.1/", "http://localhost.example.com/"):
        with pytest.raises(ValueError, match=r"\w"):
            target(url, Permissions(OFFICE.networks, loopback_http=True))
