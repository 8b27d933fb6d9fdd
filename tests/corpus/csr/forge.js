// Requests of node-forge.
const forge = require('node-forge');
const fs = require('fs');
const here = process.argv[2];

function make(file, subject, { bits = 2048, digest = forge.md.sha256.create(), attributes = [] } = {}) {
  const keys = forge.pki.rsa.generateKeyPair({ bits, e: 0x10001 });
  const request = forge.pki.createCertificationRequest();
  request.publicKey = keys.publicKey;
  request.setSubject(subject);
  request.setAttributes(attributes);
  request.sign(keys.privateKey, digest);
  fs.writeFileSync(`${here}/${file}.csr`, forge.pki.certificationRequestToPem(request));
}

const alice = { name: 'commonName', value: 'alice.vpn.example.com' };
const bob = { name: 'commonName', value: 'bob.vpn.example.com' };
make('accepted/forge', [alice]);
make('accepted/forge-attributes', [alice], {
  attributes: [
    { name: 'challengePassword', value: 'secret' },
    { name: 'extensionRequest', extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'vpn.example.com' }] }] },
  ],
});
make('refused/csr-common-names.forge-two', [alice, bob]);
make('refused/csr-signature-algorithm.forge-sha-1', [alice], { digest: forge.md.sha1.create() });
make('refused/key-size.forge-1024', [alice], { bits: 1024 });
