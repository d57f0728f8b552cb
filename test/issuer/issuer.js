// An issuer of tokens, by Node's crypto: as issuer.py, for keys and whole claims.
const crypto = require('crypto');
const keys = {};
const kinds = {
  EdDSA: () => crypto.generateKeyPairSync('ed25519'),
  ES256: () => crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: () => crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }),
};
const encoded = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const asked = JSON.parse(line);
  if (asked.key) {
    const pair = kinds[asked.kind]();
    keys[asked.key] = { kind: asked.kind, secret: pair.privateKey };
    console.log(JSON.stringify({ ...pair.publicKey.export({ format: 'jwk' }), kid: asked.key, use: 'sig', alg: asked.kind }));
    return;
  }
  const key = keys[asked.sign];
  const text = encoded(asked.header || { alg: key.kind, kid: asked.sign, typ: 'JWT' }) + '.' + encoded(asked.claims);
  const hash = key.kind === 'EdDSA' ? null : 'sha256';
  const signature = crypto.sign(hash, Buffer.from(text), { key: key.secret, dsaEncoding: 'ieee-p1363' });
  console.log(text + '.' + signature.toString('base64url'));
});
