"""An authority of the tests' own, with a certificate for a server on the loopback address and one for its client."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificates:
    """PEM files."""

    authority: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path


def make(folder: Path, *names: str) -> Certificates:
    """``names``: of the server beside its address."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _certificate("tests' authority", authority_key, None, authority_key, names)
    made = Certificates(
        folder / "authority.pem",
        *(folder / f"server.{kind}" for kind in ("pem", "key")),
        *(folder / f"client.{kind}" for kind in ("pem", "key")),
    )
    made.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    for certificate, key_file in ((made.server, made.server_key), (made.client, made.client_key)):
        key = ec.generate_private_key(ec.SECP256R1())
        signed = _certificate(certificate.stem, key, authority, authority_key, names)
        certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
    return made


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate | None,
    signing: ec.EllipticCurvePrivateKey,
    names: tuple[str, ...],
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if authority is None else authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=authority is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    if authority is None:
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        made = made.add_extension(usage, critical=True)
    else:
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        named = x509.SubjectAlternativeName([address, *(x509.DNSName(one) for one in names)])
        made = made.add_extension(named, critical=False)
    return made.sign(signing, hashes.SHA256())
