"""Requests for keys that others have published as broken. Nobody here has their private halves, so the signatures are
empty words: a key is judged before its signature.

    published.py NAME=PUBLIC.pem …      writes refused/NAME.csr
"""

import re
import subprocess
import sys

from by_hand import own, write
from der import Key, pem

for argument in sys.argv[1:]:
    name, file = argument.split("=", 1)
    modulus = subprocess.run(["openssl", "rsa", "-pubin", "-in", file, "-noout", "-modulus"], capture_output=True, text=True)
    n = int(re.search("[0-9A-F]{100,}", modulus.stdout).group(), 16)
    write("refused", f"{name}.csr", pem(own(Key(n=n).spki())))
