#!/bin/sh
# Requests of OpenSSL, easy-rsa, node-forge and PKI.js. Every run makes new keys; none is kept.
# node must find node-forge, pkijs and asn1js: NODE_PATH=…/node_modules sh tools.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work"
alice=/CN=alice.vpn.example.com
make() { file=$1; shift; openssl req -new -nodes -batch -keyout k -out "$here/$file.csr" "$@" 2>/dev/null; }
accepted() { file=$1; shift; make "accepted/openssl-$file" -newkey rsa:2048 "$@"; }
refused() { file=$1; shift; make "refused/$file" "$@"; }

accepted plain -subj $alice
accepted organisation -subj "/C=DE/O=Example/OU=VPN$alice/emailAddress=alice@example.com"
accepted alternative-name -subj $alice -addext 'subjectAltName=DNS:vpn.example.com'
accepted asks-for-a-ca -subj $alice -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign'
accepted asks-for-a-server -subj $alice -addext 'extendedKeyUsage=serverAuth'
accepted new-header -subj $alice -newhdr
openssl req -in "$here/accepted/openssl-plain.csr" -text > "$here/accepted/openssl-text-before-it.csr"
cat > attributes.cnf <<EOF
[req]
distinguished_name = dn
attributes = a
prompt = no
string_mask = pkix
[dn]
CN = alice.vpn.example.com
[a]
challengePassword = secret word
unstructuredName = Example
EOF
accepted attributes -config attributes.cnf

refused key-size.openssl-1024 -newkey rsa:1024 -subj $alice
refused key-size.openssl-3072 -newkey rsa:3072 -subj $alice
refused key-size.openssl-4096 -newkey rsa:4096 -subj $alice
refused key-exponent.openssl-3 -newkey rsa:2048 -pkeyopt rsa_keygen_pubexp:3 -subj $alice
refused key-not-rsa.openssl-p256 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj $alice
refused key-not-rsa.openssl-ed25519 -newkey ed25519 -subj $alice
refused key-not-rsa.openssl-rsa-pss -newkey rsa-pss -pkeyopt rsa_keygen_bits:2048 -subj $alice
refused csr-signature-algorithm.openssl-sha384 -newkey rsa:2048 -sha384 -subj $alice
refused csr-signature-algorithm.openssl-sha512 -newkey rsa:2048 -sha512 -subj $alice
refused csr-signature-algorithm.openssl-md5 -newkey rsa:2048 -md5 -subj $alice
refused csr-signature-algorithm.openssl-pss -newkey rsa:2048 -sigopt rsa_padding_mode:pss -subj $alice
refused other-domain.openssl -newkey rsa:2048 -subj /CN=alice

export EASYRSA_PKI="$work/pki" EASYRSA_BATCH=1
easyrsa=$(command -v easyrsa || echo /usr/share/easy-rsa/easyrsa)
easyrsa() { name=$1; shift; env "$@" "$easyrsa" gen-req "$name" nopass > /dev/null 2>&1; }
"$easyrsa" init-pki > /dev/null 2>&1
easyrsa alice EASYRSA_REQ_CN=alice.vpn.example.com
easyrsa org EASYRSA_DN=org EASYRSA_REQ_CN=alice.vpn.example.com
easyrsa short EASYRSA_REQ_CN=alice
easyrsa ec EASYRSA_ALGO=ec EASYRSA_REQ_CN=alice.vpn.example.com
cp pki/reqs/alice.req "$here/accepted/easyrsa.csr"
cp pki/reqs/org.req "$here/accepted/easyrsa-organisation.csr"
cp pki/reqs/short.req "$here/refused/other-domain.easyrsa.csr"
cp pki/reqs/ec.req "$here/refused/key-not-rsa.easyrsa-ec.csr"

node "$here/forge.js" "$here"
node "$here/pki.js" "$here"
