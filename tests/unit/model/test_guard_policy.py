"""Which addresses our own requests may reach."""

import ipaddress

import pytest

from vedette.model.guard import GuardMode, GuardPolicy

LAN = GuardPolicy.parse("lan", [])
HOSTED = GuardPolicy.parse("hosted", [])

NEVER = [
    "127.0.0.1",
    "127.8.9.10",
    "::1",
    "0.0.0.0",
    "::",
    "169.254.1.1",
    "169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "224.0.0.1",
    "ff02::1",
    "240.0.0.1",
    "255.255.255.255",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
]
"""Loopback, link-local, metadata, multicast and reserved, plain or inside IPv6."""

PRIVATE = [
    "10.1.2.3",
    "172.16.0.9",
    "192.168.1.64",
    "fd12:3456::7",
    "100.64.0.1",
    "::ffff:192.168.1.64",
    "64:ff9b::c0a8:140",
]
PUBLIC = ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("policy", [LAN, HOSTED], ids=["lan", "hosted"])
def test_loopback_link_local_and_metadata_are_never_reached(policy: GuardPolicy, address: str) -> None:
    """A caller's URL must not read the machine's own secrets, in whatever clothes the address comes."""
    assert not policy.permits("camera.example", address)


@pytest.mark.parametrize("address", PRIVATE)
def test_cameras_of_the_lan_are_reached_unless_the_service_is_hosted(address: str) -> None:
    """At home the cameras stand on private networks; strangers must not look into ours."""
    assert LAN.permits("camera", address)
    assert not HOSTED.permits("camera", address)


@pytest.mark.parametrize("address", PUBLIC)
@pytest.mark.parametrize("policy", [LAN, HOSTED], ids=["lan", "hosted"])
def test_public_addresses_are_reached(policy: GuardPolicy, address: str) -> None:
    """A guard that refuses everything guards nothing worth having."""
    assert policy.permits("camera.example", address)


def test_an_exempt_network_is_reached_and_its_neighbour_is_not() -> None:
    """Tests run on loopback; an exemption is as wide as it is written."""
    policy = GuardPolicy.parse("hosted", ["127.0.0.0/24", "10.0.0.7", "fd00::/8"])
    assert policy.permits("localhost", "127.0.0.9")
    assert policy.permits("localhost", "::ffff:127.0.0.9")
    assert not policy.permits("localhost", "127.0.1.1")
    assert policy.permits("camera", "10.0.0.7")
    assert not policy.permits("camera", "10.0.0.8")
    assert policy.permits("camera", "fd12::1")
    assert not policy.permits("localhost", "::1")


def test_an_exempt_host_is_reached_by_that_name_alone() -> None:
    """The name is compared, not what it resolves to; case and the root's dot do not matter."""
    policy = GuardPolicy.parse("lan", ["Receiver.Local"])
    assert policy.permits("receiver.local", "127.0.0.1")
    assert policy.permits("RECEIVER.LOCAL.", "127.0.0.1")
    assert not policy.permits("evil-receiver.local", "127.0.0.1")
    assert not policy.permits("127.0.0.1", "127.0.0.1")


def test_exemptions_are_read_as_networks_where_they_are_some() -> None:
    """A network with host bits is what people write."""
    policy = GuardPolicy.parse("lan", ["10.1.2.3/8", "nvr"])
    assert policy.networks == (ipaddress.ip_network("10.0.0.0/8"),)
    assert policy.hosts == {"nvr"}
    assert policy.mode is GuardMode.LAN


def test_an_unknown_mode_is_refused() -> None:
    """A typing error must not open the guard."""
    with pytest.raises(ValueError, match="lam"):
        GuardPolicy.parse("lam", [])
