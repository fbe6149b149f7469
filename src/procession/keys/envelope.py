"""Sealed bytes: compressed, then AES-256-GCM, behind a header that says how.

Layout: ``PSE``, 1 byte version, 1 byte compression (0 none, 1 zstd), 12 bytes nonce, ciphertext with its 16-byte tag.
Header and context are authenticated. Nonces are random: 96 bits are safe for 2**32 seals under one key (NIST SP
800-38D, 8.3), and a document's key seals a few thousand objects at most.
"""

from __future__ import annotations

import os

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from procession.domain.errors import Internal

_MAGIC = b"PSE\x01"
_STORED, _ZSTD = b"\x00", b"\x01"
_HEADER_BYTES, _NONCE_BYTES = 5, 12
_LEVEL = 3


def seal(cipher: AESGCM, plaintext: bytes, context: str) -> bytes:
    """Compress when that helps (PDFs hardly shrink), then encrypt; ``context`` must be given again to open."""
    packed = zstandard.ZstdCompressor(level=_LEVEL).compress(plaintext)
    kind, body = (_ZSTD, packed) if len(packed) < len(plaintext) else (_STORED, plaintext)
    header = _MAGIC + kind
    nonce = os.urandom(_NONCE_BYTES)
    return header + nonce + cipher.encrypt(nonce, body, header + context.encode())


def unseal(cipher: AESGCM, sealed: bytes, context: str) -> bytes:
    """The plaintext. Raises Internal when the bytes, or what they are taken for, are not what was sealed."""
    header, rest = sealed[:_HEADER_BYTES], sealed[_HEADER_BYTES:]
    if header not in (_MAGIC + _STORED, _MAGIC + _ZSTD):
        raise Internal("An encrypted object has an unknown header. It was damaged, or a newer version wrote it.")
    try:
        body = cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], header + context.encode())
    except (InvalidTag, ValueError):
        raise Internal("An encrypted object was altered, or does not belong here.") from None
    if header.endswith(_STORED):
        return body
    return zstandard.ZstdDecompressor().decompress(body)  # authentic: its size is what we wrote
