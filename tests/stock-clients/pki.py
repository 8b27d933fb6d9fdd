"""Certificates and CRLs, made by OpenSSL."""

import subprocess
from pathlib import Path

SERVER = "keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:{name}\n"
CLIENT = "keyUsage=digitalSignature\nextendedKeyUsage=clientAuth\n"
AUTHORITY = "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"


class Authority:
    """A CA in a folder of its own."""

    def __init__(self, folder: Path, name: str):
        self.folder = folder / name
        self.folder.mkdir()
        self.openssl("genrsa", "-out", "ca.key", "2048")
        (self.folder / "ca.ext").write_text(AUTHORITY)
        self.openssl("req", "-new", "-key", "ca.key", "-subj", "/CN=Stock CA", "-out", "ca.csr")
        self.openssl("x509", "-req", "-in", "ca.csr", "-key", "ca.key", "-days", "30", "-extfile", "ca.ext", "-out", "ca.crt")
        (self.folder / "ca.cnf").write_text(
            "[ca]\ndefault_ca=c\n[c]\ndatabase=index.txt\ndefault_md=sha256\ncertificate=ca.crt\nprivate_key=ca.key\n"
            "crl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n"
        )
        self.certificate = self.read("ca.crt")
        self.serial = 1

    def openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def issue(self, name: str, extensions: str, key: tuple = ("genrsa", "2048")):
        """A certificate of that common name: PEM of certificate and key."""
        self.serial += 1
        if key[0] == "genrsa":
            self.openssl("genrsa", "-out", "one.key", key[1])
        else:
            self.openssl("ecparam", "-name", key[1], "-genkey", "-noout", "-out", "one.key")
        (self.folder / "one.ext").write_text(extensions.format(name=name))
        self.openssl("req", "-new", "-key", "one.key", "-subj", f"/CN={name}", "-out", "one.csr")
        self.openssl(
            "x509", "-req", "-in", "one.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-set_serial", str(self.serial),
            "-days", "20", "-extfile", "one.ext", "-out", "one.crt",
        )  # fmt: skip
        return self.read("one.crt"), self.read("one.key")

    def crl(self, serials: list) -> str:
        lines = [f"R\t300101000000Z\t260101000000Z\t{serial:02X}\tunknown\t/CN=x\n" for serial in serials]
        (self.folder / "index.txt").write_text("".join(lines))
        self.openssl("ca", "-gencrl", "-config", "ca.cnf", "-crldays", "30", "-out", "crl.pem")
        return self.read("crl.pem").decode()
