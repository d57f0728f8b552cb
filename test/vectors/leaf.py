#!/usr/bin/env python3
"""leaf.py FILE: recomputes the leaf of each row of a file of vectors (leaf.txt)
from docs/evidence.md, without any of our C, and compares; --write FILE fills in
the hashes, --hex FILE prints the leaves."""

import hashlib
import struct
import sys

EVENTS = ['shown', 'withheld', 'lookup', 'bulk', 'policy', 'audit_read', 'heartbeat', 'gap',
          'purge', 'epoch', 'erasure', 'key', 'refused', 'conflict', 'start', 'failover', 'clock',
          'window', 'report', 'disclosure', 'contact_offered', 'contact', 'contact_end', 'contact_refused',
          'searched']
FIELDS = {1: 'seq', 2: 'read_at', 3: 'customer', 4: 'actor', 5: 'relation', 6: 'columns',
          7: 'count', 8: 'intervention', 9: 'closed_at', 10: 'purpose'}
EXECUTION = {11: 'reason', 12: 'session', 13: 'statement', 14: 'query_id', 15: 'query'}
TIMES = {16: 'opens_at', 17: 'closes_at', 18: 'previous_opens_at', 19: 'previous_closes_at'}
ACTOR = {20: 'actor', 21: 'login', 22: 'client', 23: 'application'}
GROUPS = {3: {3: 'customer'}, 4: {**ACTOR, 24: 'identity', 25: 'technician'}, 26: EXECUTION}
NAMES = {3: 'customer', 4: 'actor', 26: 'execution'}
# Field 27 is of a version that only test/t/117_versions.pl knows: the count once more.
ALL_FIELDS = {**FIELDS, **EXECUTION, **TIMES, **GROUPS[4], 27: 'count'}
VERSION_2 = [*FIELDS, *TIMES, 26]
VERSIONS = {1: [*FIELDS, *EXECUTION], 2: VERSION_2, 3: [*VERSION_2, 27]}
INTEGERS = {1, 2, 7, 9, 13, 14, 27} | set(TIMES)


def field(number, value, kind=1):
    if value is None:
        return struct.pack('>HB', number, 0)
    return struct.pack('>HBI', number, kind, len(value)) + value


def text(row, name):
    return row[name].encode() if name in row else None


def version(row):
    return int(row.get('leaf_version', 1))


def group(row, number):
    salt = row.get(NAMES[number] + '_salt')
    if salt is None:
        kept = row.get(NAMES[number] + '_commitment')
        return field(number, kept and bytes.fromhex(kept), 2)
    names = ACTOR if number == 4 and version(row) == 1 else GROUPS[number]
    fields = b''.join(field(n, value(row, n)) for n in names)
    committed = b'contact_guard/commit/v1\n' + struct.pack('>H', number) + bytes.fromhex(salt) + fields
    return field(number, hashlib.sha256(committed).digest(), 2)


def value(row, number):
    name = ALL_FIELDS[number]
    if name not in row:
        return None
    if number in INTEGERS:
        return struct.pack('>q', int(row[name]))
    if name == 'columns':
        names = [n.encode() for n in row[name].split(',') if row[name]]
        return b''.join(struct.pack('>I', len(n)) + n for n in names)
    if name == 'query':
        return hashlib.sha256(text(row, name)).digest()
    return text(row, name)


def leaf(row):
    numbers = VERSIONS[version(row)]
    out = b'contact_guard/leaf/v1\n'
    out += struct.pack('>BHH', EVENTS.index(row['event']) + 1, version(row), len(numbers))
    for number in numbers:
        out += group(row, number) if number in GROUPS else field(number, value(row, number))
    return out


def main():
    action, path = sys.argv[1:] if len(sys.argv) == 3 else ('--check', sys.argv[1])
    wrong = rows = 0
    lines = []
    for line in open(path, encoding='utf-8').read().split('\n'):
        words = [w.replace('\\n', '\n') for w in line.split('\t')]
        if words[0] == 'row':
            rows += 1
            data = leaf(dict(w.split('=', 1) for w in words[2:]))
            digest = hashlib.sha256(b'\0' + data).hexdigest()
            wrong += digest != words[1]
            line = '\t'.join(['row', digest] + line.split('\t')[2:])
            if action == '--hex':
                print(data.hex())
        lines.append(line)
    if action == '--write':
        open(path, 'w', encoding='utf-8').write('\n'.join(lines))
    elif action == '--check':
        print(f'{rows} rows, {wrong} wrong')
        sys.exit(wrong > 0 or rows == 0)


main()
