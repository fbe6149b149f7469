"""Keys under keys: AES-256-GCM with the wrapped key's identity authenticated, and fingerprints under a tenant's key."""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from procession.domain.errors import Internal

_NONCE_BYTES = 12


def new_key() -> bytes:
    return AESGCM.generate_key(256)


def wrap(wrapping: AESGCM, key: bytes, identity: str) -> bytes:
    """12 bytes of nonce, then the ciphertext with its tag."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + wrapping.encrypt(nonce, key, identity.encode())


def unwrap(wrapping: AESGCM, wrapped: bytes, identity: str) -> bytes:
    """Raises Internal when it was altered, moved to another identity, or wrapped by another key."""
    try:
        return wrapping.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], identity.encode())
    except (InvalidTag, ValueError):
        raise Internal("A wrapped key was altered, or wrapped by another key.") from None


def of_document(key_id: str) -> str:
    """Identity of a document's key."""
    return f"document:{key_id}"


def of_tenant(tenant: str, region: str) -> str:
    """Identity of a tenant's key in a region."""
    return f"tenant:{tenant}@{region}"


def fingerprint(tenant_key: bytes, data: bytes) -> str:
    """HMAC-SHA-256 (hex) under a key derived of the tenant's."""
    derive = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"procession document fingerprint")
    return hmac.new(derive.derive(tenant_key), data, hashlib.sha256).hexdigest()


def session_secret(kek: bytes) -> bytes:
    """32 bytes that sign browsers' sessions: the same for every process that has this key-encryption key."""
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"procession browser session").derive(kek)


CHECK, CHECK_IDENTITY = b"procession", "check"
"""What is wrapped at the first start, so that a wrong KEK is told at once and not at the first document."""
