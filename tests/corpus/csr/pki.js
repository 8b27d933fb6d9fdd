// Requests of PKI.js, with the WebCrypto of node.
const pkijs = require('pkijs');
const asn1js = require('asn1js');
const fs = require('fs');
const crypto = require('crypto').webcrypto;
const here = process.argv[2];
pkijs.setEngine('node', new pkijs.CryptoEngine({ name: 'node', crypto, subtle: crypto.subtle }));

async function make(file, value, algorithm) {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = new pkijs.CertificationRequest();
  request.subject.typesAndValues.push(new pkijs.AttributeTypeAndValue({ type: '2.5.4.3', value }));
  await request.subjectPublicKeyInfo.importKey(keys.publicKey);
  request.attributes = [];
  await request.sign(keys.privateKey, 'SHA-256');
  const lines = Buffer.from(request.toSchema().toBER(false)).toString('base64').match(/.{1,64}/g).join('\n');
  fs.writeFileSync(`${here}/${file}.csr`, `-----BEGIN CERTIFICATE REQUEST-----\n${lines}\n-----END CERTIFICATE REQUEST-----\n`);
}

const rsa = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' };
const alice = 'alice.vpn.example.com';
(async () => {
  await make('accepted/pkijs', new asn1js.Utf8String({ value: alice }), rsa);
  await make('accepted/pkijs-printable-string', new asn1js.PrintableString({ value: alice }), rsa);
  await make('refused/csr-common-name-type.pkijs-bmp-string', new asn1js.BmpString({ value: alice }), rsa);
  await make('refused/key-not-rsa.pkijs-p384', new asn1js.Utf8String({ value: alice }), { name: 'ECDSA', namedCurve: 'P-384' });
  await make('refused/csr-signature-algorithm.pkijs-pss', new asn1js.Utf8String({ value: alice }), { ...rsa, name: 'RSA-PSS' });
})();
