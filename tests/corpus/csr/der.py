"""DER written by hand, so that it can be written wrongly; RSA keys and signatures of any shape. Standard library only."""

import base64
import hashlib


def tlv(tag, *parts, length=None):
    """An element. `length` replaces the octets of its length."""
    content = b"".join(parts)
    if length is None:
        n = len(content)
        size = n.to_bytes((n.bit_length() + 7) // 8 or 1, "big")
        length = bytes([n]) if n < 128 else bytes([128 + len(size)]) + size
    return bytes([tag]) + length + content


def sequence(*parts, **more):
    return tlv(0x30, *parts, **more)


def set_of(*parts):
    return tlv(0x31, *parts)


def integer(n):
    return tlv(0x02, n.to_bytes(n.bit_length() // 8 + 1, "big", signed=True))


def bits(content, unused=0):
    return tlv(0x03, bytes([unused]), content)


def oid(text):
    first, second, *rest = map(int, text.split("."))
    octets = bytes([40 * first + second])
    for arc in rest:
        digits = [arc & 127]
        while arc := arc >> 7:
            digits.append(128 | arc & 127)
        octets += bytes(reversed(digits))
    return tlv(0x06, octets)


NULL = tlv(0x05)
UTF8, PRINTABLE, T61, IA5, UNIVERSAL, BMP = 0x0C, 0x13, 0x14, 0x16, 0x1C, 0x1E
RSA = oid("1.2.840.113549.1.1.1")
SHA256_WITH_RSA = oid("1.2.840.113549.1.1.11")


def attribute(kind, *values):
    return sequence(oid(kind), set_of(*values))


def name_part(value, tag=UTF8, kind="2.5.4.3"):
    """One AttributeTypeAndValue."""
    return sequence(oid(kind), tlv(tag, value if isinstance(value, bytes) else value.encode()))


def name(*values, tag=UTF8):
    """A subject with one common name for each value."""
    return sequence(*(set_of(name_part(value, tag)) for value in values))


def pem(der, label="CERTIFICATE REQUEST", width=64):
    text = base64.b64encode(der).decode()
    lines = [text[i : i + width] for i in range(0, len(text), width)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


class Random:
    """The same numbers in every run."""

    def __init__(self, seed):
        self.state = seed.encode()

    def bits(self, n):
        out = b""
        while len(out) * 8 < n:
            self.state = hashlib.sha256(self.state).digest()
            out += self.state
        return int.from_bytes(out, "big") % (1 << n)

    def prime(self, n):
        """A prime of n bits with the two highest set, as RSA wants it."""
        while True:
            candidate = self.bits(n) | 3 << (n - 2) | 1
            if is_prime(candidate) and (candidate - 1) % 65537:
                return candidate


def is_prime(n):
    if any(n % p == 0 for p in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)):
        return False
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7, 11, 13, 17, 19):
        x = pow(base, odd, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


class Key:
    """An RSA key of the given primes; without them, one that cannot sign."""

    def __init__(self, *primes, e=65537, n=None):
        self.n, self.e, self.d = n, e, None
        if primes:
            self.n, totient = 1, 1
            for i, prime in enumerate(primes):
                self.n *= prime
                totient *= prime if prime in primes[:i] else prime - 1
            self.d = pow(e, -1, totient)

    def pkcs1(self):
        return sequence(integer(self.n), integer(self.e))

    def spki(self):
        return spki(self.pkcs1())

    def size(self):
        return (self.n.bit_length() + 7) // 8

    def sign(self, message, digest="sha256", info=None):
        """RSASSA-PKCS1-v1_5; `info` replaces the DigestInfo."""
        if self.d is None:
            return b"\x01" * self.size()
        if info is None:
            kind = {"sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1"}[digest]
            info = sequence(sequence(oid(kind), NULL), tlv(0x04, hashlib.new(digest, message).digest()))
        padded = b"\x00\x01" + b"\xff" * (self.size() - len(info) - 3) + b"\x00" + info
        return pow(int.from_bytes(padded, "big"), self.d, self.n).to_bytes(self.size(), "big")


def spki(pkcs1, algorithm=sequence(RSA, NULL), unused=0):
    return sequence(algorithm, bits(pkcs1, unused))


def info(subject, public_key, attributes=(), version=b"\x02\x01\x00", more=()):
    attributes = tlv(0xA0, *attributes) if attributes is not None else b""
    return sequence(version, subject, public_key, attributes, *more)


def request(to_be_signed, key, algorithm=sequence(SHA256_WITH_RSA, NULL), signature=None, more=(), wrap=sequence):
    signature = key.sign(to_be_signed) if signature is None else signature
    return wrap(to_be_signed, algorithm, bits(signature), *more)
