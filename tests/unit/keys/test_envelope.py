"""The envelope's format is a contract: what was sealed once must open for ever."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from procession.keys import envelope

KEY = bytes(range(32))
COMPRESSED = bytes.fromhex(
    "505345010157cdc0c1233d6e95e807409546362e75553c7555a683deb97a53bdaf81e048d141b5e25f7850d9e05a88967a6cd07a2988cc1bb9b38bbb88"
)
STORED = bytes.fromhex("5053450100ba2cd2adc1571230eecef34bb2ea7056de5da4f3e733e54742571c87cdf7")


def test_what_earlier_versions_sealed_still_opens() -> None:
    assert envelope.unseal(AESGCM(KEY), COMPRESSED, "results/a") == b"guest count " * 20
    assert envelope.unseal(AESGCM(KEY), STORED, "results/a") == b"47"


def test_incompressible_content_grows_by_header_nonce_and_tag_only() -> None:
    assert len(envelope.seal(AESGCM(KEY), b"47", "results/a")) == 2 + 5 + 12 + 16
