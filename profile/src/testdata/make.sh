#!/bin/sh
# Makes the files beside it, once, with OpenSSL 3. The private keys are thrown away.
set -eu
cd "$(dirname "$0")"
keys=$(mktemp -d)
trap 'rm -rf "$keys"' EXIT
rsa() { openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:"$2" ${3:+-pkeyopt rsa_keygen_pubexp:$3} -out "$keys/$1.key"; }
csr() { name=$1; key=$2; shift 2; openssl req -new -key "$keys/$key.key" -out "$name.csr" "$@"; }

rsa alice 2048; rsa bob 2048; rsa ca 2048; rsa other 2048; rsa small 1024; rsa e3 2048 3
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$keys/ec.key"

csr alice alice -subj /CN=alice.vpn.example.com
csr asks-for-ca bob -subj /CN=mallory.vpn.example.com -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
csr rsa-1024 small -subj /CN=alice.vpn.example.com
csr rsa-e3 e3 -subj /CN=alice.vpn.example.com
csr ec ec -subj /CN=alice.vpn.example.com
csr no-cn alice -subj /O=Example
csr two-cns alice -subj /CN=alice.vpn.example.com/CN=bob.vpn.example.com
csr sha512 alice -subj /CN=alice.vpn.example.com -sha512

# with_challenge NAME LINE: an attribute as openssl's configuration has them
with_challenge() {
  { printf '[req]\nprompt = no\nutf8 = yes\nstring_mask = utf8only\ndistinguished_name = dn\nattributes = attributes\n[dn]\nCN = alice.vpn.example.com\n[attributes]\n'
    printf '%s\n' "$2"; } > "$keys/config"
  csr "$1" alice -config "$keys/config"
}
with_challenge challenge 'challengePassword = latchkey-invite.1.0123456789abcdef.000102030405060708090a0b0c0d0e0f'
with_challenge challenge-utf8 'challengePassword = Schlüssel_王'

ca() { openssl req -x509 -key "$keys/$2.key" -out "$1.crt" -days 36500 -subj "/CN=$3" -addext keyUsage=critical,keyCertSign,cRLSign; }
ca ca ca 'Latchkey CA demo'
ca other-ca other 'Latchkey CA other'

# certificate NAME KEY CN ISSUER EKU NOT_BEFORE NOT_AFTER
certificate() {
  openssl req -new -key "$keys/$2.key" -subj "/CN=$3" -out "$keys/request"
  printf 'extendedKeyUsage=%s\nkeyUsage=critical,digitalSignature\n' "$5" > "$keys/extensions"
  : > "$keys/index.txt"
  cat > "$keys/config" <<EOF
[ca]
default_ca = ca
[ca]
database = $keys/index.txt
new_certs_dir = $keys
rand_serial = yes
default_md = sha256
policy = policy
unique_subject = no
[policy]
commonName = supplied
EOF
  case $4 in ca) issuer_key=ca;; other-ca) issuer_key=other;; esac
  openssl ca -batch -notext -config "$keys/config" -cert "$4.crt" -keyfile "$keys/$issuer_key.key" \
    -extfile "$keys/extensions" -in "$keys/request" -out "$1.crt" -startdate "$6" -enddate "$7" 2>/dev/null
}
certificate alice alice alice.vpn.example.com ca clientAuth 20260101000000Z 20270101000000Z
certificate alice-of-other-ca alice alice.vpn.example.com other-ca clientAuth 20260101000000Z 20270101000000Z
certificate alice-with-other-key bob alice.vpn.example.com ca clientAuth 20260101000000Z 20270101000000Z
certificate bob-with-alices-key alice bob.vpn.example.com ca clientAuth 20260101000000Z 20270101000000Z
certificate server alice alice.vpn.example.com ca serverAuth 20260101000000Z 20270101000000Z
# The CA's first: it need not be the user's that comes first.
openssl crl2pkcs7 -nocrl -certfile ca.crt -certfile alice.crt -out alice.p7b
openssl crl2pkcs7 -nocrl -certfile ca.crt -certfile alice.crt -outform DER -out alice.p7c

# Private keys of nobody, encrypted with passphrases that nobody knows.
encrypted() { openssl pkcs8 -topk8 -in "$keys/bob.key" -passout "pass:$(openssl rand -hex 16)" "$@"; }
encrypted -v2 aes-256-cbc -v2prf hmacWithSHA256 -iter 600000 -out encrypted.key
encrypted -v2 aes-128-cbc -v2prf hmacWithSHA512 -out encrypted-otherwise.key
