"""The requests that no tool makes. Writes the same files in every run; keys come from fixed seeds and are nobody's."""

import base64
import hashlib
import math
import pathlib

from der import *

HERE = pathlib.Path(__file__).parent
ALICE = "alice.vpn.example.com"
random = Random("latchkey corpus")
p, q, p2, q2 = (random.prime(1024) for _ in range(4))
KEY, OTHER = Key(p, q), Key(p2, q2)


def write(kind, file, content):
    content = content.encode() if isinstance(content, str) else content
    (HERE / kind / file).write_bytes(content)


def refused(code, what, content):
    write("refused", f"{code}.{what}.csr", pem(content) if isinstance(content, bytes) else content)


def accepted(what, content):
    write("accepted", f"{what}.csr", pem(content) if isinstance(content, bytes) else content)


def made(subject=None, key=KEY, **more):
    return request(info(subject or name(ALICE), key.spki(), **more), key)


GOOD = made()
TEXT = pem(GOOD)
GOOD_INFO = info(name(ALICE), KEY.spki())
EXTENSION_REQUEST = "1.2.840.113549.1.9.14"
CHALLENGE = "1.2.840.113549.1.9.7"
NO_EXTENSIONS = sequence()

# The text around it.
write("refused", "csr-not-pem.empty.csr", "")
write("refused", "csr-not-pem.der.csr", GOOD)
write("refused", "csr-not-pem.utf-16.csr", TEXT.encode("utf-16"))
accepted("by-hand-byte-order-mark", "\ufeff" + TEXT)
refused("csr-not-pem", "base64-alone", base64.b64encode(GOOD).decode())
refused("csr-not-pem", "cut-off", TEXT[:700])
refused("csr-not-pem", "another-label-at-the-end", TEXT.replace("END CERTIFICATE REQUEST", "END CERTIFICATE"))
refused("csr-not-pem", "header-lines", TEXT.replace("-----\n", "-----\nProc-Type: 4,CLEAR\n\n", 1))
refused("csr-not-pem", "noise", TEXT.replace("\nA", "\n#A", 1) if "\nA" in TEXT else TEXT.replace("A", "#", 1))
refused("csr-not-pem", "base64url", pem(made(name("alice-1.vpn.example.com"))).replace("+", "-").replace("/", "_"))
refused("csr-not-pem", "unicode-dashes", TEXT.replace("-----", "—————"))
for padding in range(1, 40):
    padded = made(attributes=[attribute("1.2.3", tlv(0x04, b"x" * padding))])
    if base64.b64encode(padded).endswith(b"="):
        break
flat = base64.b64encode(padded).decode()
refused("csr-not-pem", "no-padding", pem(padded).replace("=", ""))
last = flat.rstrip("=")[-1]
alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
strange = flat.rstrip("=")[:-1] + alphabet[alphabet.index(last) | 1] + "=" * flat.count("=")
refused("csr-not-pem", "bits-after-the-end", f"-----BEGIN CERTIFICATE REQUEST-----\n{strange}\n-----END CERTIFICATE REQUEST-----\n")
refused("csr-not-pem", "lower-case-label", pem(GOOD, "certificate request"))
refused("csr-other-pem", "certificate", pem(GOOD, "CERTIFICATE"))
refused("csr-other-pem", "pkcs7", pem(GOOD, "PKCS7"))
refused("csr-other-pem", "public-key-before-it", pem(KEY.spki(), "PUBLIC KEY") + TEXT)
refused("csr-other-pem", "x509-request", pem(GOOD, "X509 CERTIFICATE REQUEST"))
refused("csr-trailing-data", "two-requests", TEXT + pem(made(name("bob.vpn.example.com"))))
refused("csr-trailing-data", "words-after-it", TEXT + "please sign, thanks\n")
refused("csr-trailing-data", "on-the-last-line", TEXT.rstrip() + " alice\n")
refused("csr-too-large", "spaces", TEXT + " " * (16 * 1024 + 1 - len(TEXT)))
refused("csr-too-large", "attribute", made(attributes=[attribute("1.2.3", tlv(0x04, b"x" * 14_000))]))

# DER.
bad = lambda what, der: refused("csr-malformed", what, der)
bad("bytes-after-it", GOOD + b"\x00\x00")
bad("cut-off", GOOD[:-20])
bad("empty", sequence())
bad("set-instead", request(GOOD_INFO, KEY, wrap=set_of))
bad("four-parts", request(GOOD_INFO, KEY, more=[NULL]))
bad("indefinite-length", sequence(GOOD[4:], b"\x00\x00", length=b"\x80"))
bad("long-length", sequence(GOOD[4:], length=b"\x83\x00" + GOOD[2:4]))
short_subject = name("al.vpn.example.com")
long_form = short_subject[:1] + b"\x81" + short_subject[1:]
bad("long-length-of-the-subject", made(long_form))
indefinite = b"\x30\x80" + short_subject[2:] + b"\x00\x00"
bad("indefinite-length-of-the-subject", made(indefinite))
signed = lambda tbs, **more: request(tbs, KEY, **more)
bad("version-1", signed(info(name(ALICE), KEY.spki(), version=integer(1))))
bad("version-minus-1", signed(info(name(ALICE), KEY.spki(), version=integer(-1))))
bad("version-of-two-bytes", signed(info(name(ALICE), KEY.spki(), version=b"\x02\x02\x00\x00")))
bad("version-boolean", signed(info(name(ALICE), KEY.spki(), version=b"\x01\x01\x00")))
bad("no-version", signed(info(name(ALICE), KEY.spki(), version=b"")))
bad("info-is-a-set", signed(set_of(GOOD_INFO[4:])))
bad("subject-is-a-set", made(set_of(set_of(name_part(ALICE)))))
bad("relative-name-is-a-sequence", made(sequence(sequence(name_part(ALICE)))))
bad("relative-name-is-empty", made(sequence(set_of(), set_of(name_part(ALICE)))))
bad("attribute-of-a-name-is-a-set", made(sequence(set_of(set_of(oid("2.5.4.3"), tlv(UTF8, ALICE.encode()))))))
bad("three-parts-in-a-name", made(sequence(set_of(sequence(oid("2.5.4.3"), tlv(UTF8, ALICE.encode()), NULL)))))
bad("name-without-identifier", made(sequence(set_of(sequence(NULL, tlv(UTF8, ALICE.encode()))))))
bad("attributes-under-another-tag", signed(sequence(integer(0), name(ALICE), KEY.spki(), tlv(0xA1))))
bad("attributes-not-constructed", signed(sequence(integer(0), name(ALICE), KEY.spki(), tlv(0x80))))
bad("attributes-twice", made(more=[tlv(0xA0)]))
bad("something-after-the-attributes", made(more=[NULL]))
bad("the-same-attribute-twice", made(attributes=[attribute(EXTENSION_REQUEST, NO_EXTENSIONS)] * 2))
bad("an-attribute-that-is-a-set", made(attributes=[set_of(oid("1.2.3"), set_of(NULL))]))
bad("an-attribute-without-a-set", made(attributes=[sequence(oid("1.2.3"), NULL)]))
bad("an-attribute-without-identifier", made(attributes=[sequence(NULL, set_of(NULL))]))
bad("an-attribute-of-three", made(attributes=[sequence(oid("1.2.3"), set_of(NULL), NULL)]))
bad("tag-of-two-bytes", made(attributes=[b"\xbf\x81\x00\x02\x05\x00"]))
bad("signature-of-odd-bits", sequence(GOOD_INFO, sequence(SHA256_WITH_RSA, NULL), bits(KEY.sign(GOOD_INFO), 3)))
bad("signature-octets", sequence(GOOD_INFO, sequence(SHA256_WITH_RSA, NULL), tlv(0x04, KEY.sign(GOOD_INFO))))
bad("algorithm-is-a-set", request(GOOD_INFO, KEY, algorithm=set_of(SHA256_WITH_RSA, NULL)))
refused("csr-challenges", "two-values", made(attributes=[attribute(CHALLENGE, tlv(UTF8, b"a"), tlv(UTF8, b"b"))]))
refused("csr-challenge-malformed", "a-number", made(attributes=[attribute(CHALLENGE, integer(7))]))

# The signature.
algorithm = lambda what, der: refused("csr-signature-algorithm", what, der)
algorithm("null-and-more", request(GOOD_INFO, KEY, algorithm=sequence(SHA256_WITH_RSA, NULL, NULL)))
algorithm("garbage", request(GOOD_INFO, KEY, algorithm=sequence(SHA256_WITH_RSA, tlv(0x04, b"garbage"))))
algorithm("null-with-content", request(GOOD_INFO, KEY, algorithm=sequence(SHA256_WITH_RSA, tlv(0x05, b"\x00"))))
algorithm("none", request(GOOD_INFO, KEY, algorithm=sequence()))
sha1 = sequence(oid("1.2.840.113549.1.1.5"), NULL)
algorithm("sha-1", request(GOOD_INFO, KEY, algorithm=sha1, signature=KEY.sign(GOOD_INFO, "sha1")))
possession = lambda what, der: refused("csr-possession", what, der)
possession("another-key", request(GOOD_INFO, OTHER))
possession("another-name", request(info(name("bob.vpn.example.com"), KEY.spki()), KEY, signature=KEY.sign(GOOD_INFO)))
extended = info(name(ALICE), KEY.spki(), [attribute(CHALLENGE, tlv(UTF8, b"added later"))])
possession("an-attribute-added", request(extended, KEY, signature=KEY.sign(GOOD_INFO)))
possession("zeros", request(GOOD_INFO, KEY, signature=b"\x00" * 256))
possession("empty", request(GOOD_INFO, KEY, signature=b""))
possession("a-byte-short", request(GOOD_INFO, KEY, signature=KEY.sign(GOOD_INFO)[:-1]))
possession("a-byte-more", request(GOOD_INFO, KEY, signature=b"\x00" + KEY.sign(GOOD_INFO)))
larger = 1 << 2048
while larger >> 2048:
    another = info(name(f"u{random.bits(20)}.vpn.example.com"), KEY.spki())
    larger = int.from_bytes(KEY.sign(another), "big") + KEY.n
possession("plus-the-modulus", request(another, KEY, signature=larger.to_bytes(256, "big")))
possession("of-sha-1", request(GOOD_INFO, KEY, signature=KEY.sign(GOOD_INFO, "sha1")))
digest = hashlib.sha256(GOOD_INFO).digest()
no_null = sequence(sequence(oid("2.16.840.1.101.3.4.2.1")), tlv(0x04, digest))
possession("digest-without-null", request(GOOD_INFO, KEY, signature=KEY.sign(GOOD_INFO, info=no_null)))
possession("digest-alone", request(GOOD_INFO, KEY, signature=KEY.sign(GOOD_INFO, info=digest)))

# The key.
own = lambda public_key: request(info(name(ALICE), public_key), KEY)
key = lambda what, public_key: refused("key-malformed", what, own(public_key))
key("negative-modulus", spki(sequence(tlv(0x02, KEY.n.to_bytes(256, "big")), integer(65537))))
key("modulus-with-zeros-before", spki(sequence(tlv(0x02, KEY.n.to_bytes(258, "big")), integer(65537))))
key("modulus-zero", spki(sequence(integer(0), integer(65537))))
key("modulus-is-octets", spki(sequence(tlv(0x04, KEY.n.to_bytes(256, "big")), integer(65537))))
key("exponent-negative", spki(sequence(integer(KEY.n), integer(-65537))))
key("exponent-zero", spki(sequence(integer(KEY.n), integer(0))))
key("exponent-with-zeros-before", spki(sequence(integer(KEY.n), tlv(0x02, b"\x00\x01\x00\x01"))))
key("exponent-empty", spki(sequence(integer(KEY.n), tlv(0x02))))
key("three-numbers", spki(sequence(integer(KEY.n), integer(65537), integer(1))))
key("one-number", spki(sequence(integer(KEY.n))))
key("bytes-after-the-numbers", spki(KEY.pkcs1() + b"\x00"))
key("no-parameters", spki(KEY.pkcs1(), sequence(RSA)))
key("parameters-garbage", spki(KEY.pkcs1(), sequence(RSA, sequence())))
key("parameters-twice", spki(KEY.pkcs1(), sequence(RSA, NULL, NULL)))
key("algorithm-is-a-set", spki(KEY.pkcs1(), set_of(RSA, NULL)))
key("odd-bits", spki(KEY.pkcs1(), unused=1))
key("long-length", sequence(sequence(RSA, NULL), bits(b"\x30\x83\x00" + KEY.pkcs1()[2:])))
key("octets", sequence(sequence(RSA, NULL), tlv(0x04, b"\x00" + KEY.pkcs1())))
key("three-parts", sequence(sequence(RSA, NULL), bits(KEY.pkcs1()), NULL))
refused("key-not-rsa", "rsassa-pss", own(spki(KEY.pkcs1(), sequence(oid("1.2.840.113549.1.1.10")))))
refused("key-not-rsa", "rsa-of-x500", own(spki(KEY.pkcs1(), sequence(oid("2.5.8.1.1"), NULL))))
refused("key-size", "2047-bits", own(Key(n=KEY.n >> 1 | 1).spki()))
refused("key-size", "2049-bits", own(Key(n=1 << 2048 | KEY.n).spki()))
refused("key-size", "512-bits", own(Key(n=KEY.n >> 1536 | 1).spki()))
for e in (1, 3, 35, 65536, 65539, (1 << 64) + 13):
    refused("key-exponent", f"is-{e}", own(Key(n=KEY.n, e=e).spki()))
refused("key-even-modulus", "last-bit-lost", own(Key(n=KEY.n - 1).spki()))

# Keys that are broken: their private halves are here, and the signatures are right.
for factor in (3, 8191):
    bits_left = 2048 - factor.bit_length()
    while True:
        rest = random.prime(bits_left)
        if (factor * rest).bit_length() == 2048:
            break
    refused("key-small-factor", f"is-{factor}", made(key=Key(factor, rest)))
root = random.bits(1024) | 3 << 1022 | 1
while not is_prime(root) or (root - 1) % 65537 == 0:
    root += 2
next_prime = root + 2
while not is_prime(next_prime) or (next_prime - 1) % 65537 == 0:
    next_prime += 2
refused("key-close-primes", "neighbours", made(key=Key(root, next_prime)))
refused("key-close-primes", "the-same-twice", made(key=Key(root, root)))
# About d² / 2r rounds: 90 here.
d = math.isqrt(2 * root * 90)
far = root + 2 * d
while not is_prime(far) or (far - 1) % 65537 == 0:
    far += 2
refused("key-close-primes", "ninety-rounds", made(key=Key(root, far)))
M = math.prod(n for n in range(2, 702) if all(n % k for k in range(2, n)))  # as for keys of 2048 bits


def roca_prime():
    while True:
        k = random.bits(1024 - M.bit_length())
        candidate = k * M + pow(65537, random.bits(60), M)
        if candidate.bit_length() == 1024 and candidate >> 1022 == 3 and is_prime(candidate) and (candidate - 1) % 65537:
            return candidate


refused("key-roca", "as-the-card-does-it", made(key=Key(roca_prime(), roca_prime())))

# The name.
def named(code, what, text, tag=UTF8):
    refused(code, what, made(name(text, tag=tag)))


refused("csr-common-names", "empty-subject", made(sequence()))
refused("csr-common-names", "organisation-alone", made(sequence(set_of(name_part("Example", kind="2.5.4.10")))))
refused("csr-common-names", "two", made(name(ALICE, "bob.vpn.example.com")))
refused("csr-common-names", "the-same-twice", made(name(ALICE, ALICE)))
refused("csr-common-names", "two-in-one-set", made(sequence(set_of(name_part(ALICE), name_part("bob.vpn.example.com")))))
two_kinds = sequence(set_of(name_part("bob.vpn.example.com".encode("utf-16-be"), BMP)), set_of(name_part(ALICE)))
refused("csr-common-names", "one-of-them-no-text", made(two_kinds))
broken = sequence(set_of(name_part(b"bob\xff.vpn.example.com")), set_of(name_part(ALICE)))
refused("csr-common-names", "one-of-them-broken", made(broken))
named("csr-common-name-type", "bmp-string", ALICE.encode("utf-16-be"), BMP)
named("csr-common-name-type", "universal-string", ALICE.encode("utf-32-be"), UNIVERSAL)
named("csr-common-name-type", "t61-string", ALICE, T61)
named("csr-common-name-type", "octets", ALICE, 0x04)
named("csr-common-name-type", "not-utf-8", b"ali\xffce.vpn.example.com")
named("csr-common-name-type", "overlong-utf-8", b"\xc1\xa1lice.vpn.example.com")
named("csr-common-name-type", "umlaut-in-a-printable-string", "alïce.vpn.example.com", PRINTABLE)
named("csr-common-name-type", "umlaut-in-an-ia5-string", "alïce.vpn.example.com", IA5)
for what, text in {
    "another": "alice.vpn.example.org",
    "lookalike": "alice.vpn.examp1e.com",
    "cyrillic": "alice.vpn.еxample.com",
    "fullwidth-dot": "alice。vpn.example.com",
    "of-the-attacker": "alice.vpn.example.com.evil.org",
    "no-dot-before": "alicevpn.example.com",
    "the-server-itself": "vpn.example.com",
    "trailing-dot": "alice.vpn.example.com.",
    "upper-case": "alice.VPN.example.com",
    "space-at-the-end": "alice.vpn.example.com ",
    "line-break-at-the-end": "alice.vpn.example.com\n",
    "nul-at-the-end": "alice.vpn.example.com\0",
    "nul-and-another": "alice.vpn.example.com\0.evil.org",
    "empty": "",
    "65-letters": "a" * 65,
    "mail-address": "alice@vpn.example.com",
}.items():
    named("other-domain", what, text)
for what, text in {
    "upper-case": "Alice",
    "space": "alice smith",
    "wildcard": "*",
    "nul": "alice\0bob",
    "line-break": "alice\nbob",
    "tab": "alice\t",
    "delete": "alice\x7f",
    "chinese": "王伟",
    "cyrillic-a": "аlice",
    "combining": "alice\u0301",
    "zero-width": "ali\u200bce",
    "right-to-left": "\u202ealice",
    "path": "../../ca",
    "markup": "<script>alert(1)</script>",
    "comma": "alice,o=admin",
    "plus": "alice+bob",
}.items():
    named("username-character", what, f"{text}.vpn.example.com")
for what, text in {
    "dot-before": ".alice",
    "two-dots": "alice..bob",
    "dash-before": "-alice",
    "dash-after": "alice-",
    "punycode": "xn--80ak6aa92e",
    "dots-alone": "..",
}.items():
    named("username-separator", what, f"{text}.vpn.example.com")
named("username-empty", "nothing-before-the-domain", ".vpn.example.com")
named("username-too-long", "33-letters", "a" * 33 + ".vpn.example.com")
named("name-reserved", "anchor", "anchor.vpn.example.com")
named("name-reserved", "probe", "probe.vpn.example.com")

# What is unusual, and right.
accepted("by-hand", GOOD)
accepted("by-hand-printable-string", made(name(ALICE, tag=PRINTABLE)))
accepted("by-hand-ia5-string", made(name(ALICE, tag=IA5)))
accepted("by-hand-no-attributes", made(attributes=None))
accepted("by-hand-no-parameters", request(GOOD_INFO, KEY, algorithm=sequence(SHA256_WITH_RSA)))
accepted("by-hand-longest-name", made(name("a" * 32 + ".vpn.example.com")))
accepted("by-hand-all-separators", made(name("o-p.s_eu.1.vpn.example.com")))
accepted("by-hand-crlf", TEXT.replace("\n", "\r\n"))
accepted("by-hand-indented", "".join(f"    {line}\n" for line in TEXT.splitlines()))
accepted("by-hand-one-line", pem(GOOD, width=10_000))
accepted("by-hand-no-line-break-at-the-end", TEXT.rstrip())
accepted("by-hand-new-certificate-request", pem(GOOD, "NEW CERTIFICATE REQUEST"))
accepted("by-hand-words-before-it", "Dear admin,\nplease sign this:\n\n" + TEXT)
accepted("by-hand-just-not-too-large", TEXT + " " * (16 * 1024 - len(TEXT)))
accepted("by-hand-challenge", made(attributes=[attribute(CHALLENGE, tlv(UTF8, b"secret"))]))
organisation = sequence(set_of(name_part("Example", kind="2.5.4.10")), set_of(name_part(ALICE)))
accepted("by-hand-organisation", made(organisation))
accepted("by-hand-two-in-one-set", made(sequence(set_of(name_part(ALICE), name_part("Example", kind="2.5.4.10")))))
