// sigstore.js FOLDER: as shell does, but by @sigstore/verify, which checks Rekor's
// checkpoints and inclusion proofs: the same formats.  NODE_PATH leads to it.
'use strict';
const fs = require('fs');
const path = require('path');
const crypto = require('crypto');
const dist = path.join(require.resolve('@sigstore/verify'), '..', 'tlog');
const { verifyCheckpoint } = require(path.join(dist, 'checkpoint.js'));
const { verifyMerkleInclusion } = require(path.join(dist, 'merkle.js'));

const folder = process.argv[2];
const read = (name) => fs.readFileSync(path.join(folder, name), 'utf8');
const vkey = read('vkey').trim();
const name = vkey.slice(0, vkey.indexOf('+'));
const [id, ...rest] = vkey.slice(name.length + 1).split('+');
const prefix = Buffer.from('302a300506032b6570032100', 'hex');
const log = {
	logID: Buffer.from(id, 'hex'),
	baseURL: name,
	publicKey: crypto.createPublicKey({
		key: Buffer.concat([prefix, Buffer.from(rest.join('+'), 'base64').subarray(1)]), format: 'der', type: 'spki'
	})
};
for (const file of fs.readdirSync(path.join(folder, 'proofs'))) {
	const [index, leaf, ...hashes] = read(path.join('proofs', file)).trim().split('\n');
	const entry = {
		canonicalizedBody: Buffer.from(leaf, 'hex'),
		inclusionProof: {
			logIndex: index,
			hashes: hashes.map((hash) => Buffer.from(hash, 'hex')),
			checkpoint: { envelope: read('note') }
		}
	};
	verifyMerkleInclusion(entry, verifyCheckpoint(entry, [log]));
}
