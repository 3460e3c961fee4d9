import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { formatOf, MAGIC_SIZE } from './dump-formats.ts';

test.each([
  [Buffer.from('KDUMP   \0\0'), 'a kdump-compressed dump'],
  [Buffer.from('makedumpfile\0\0\0\0'), 'a kdump-compressed dump (flattened)'],
  [Buffer.from('PAGEDU64'), 'a Windows crash dump'],
  [Buffer.from('LibvirtQemudSave'), "a saved state of libvirt's"],
  [Buffer.from('QEVM'), 'a migration stream of QEMU'],
  [gzipSync('a dump'), 'compressed by gzip'],
  [Buffer.from('\x7fELF', 'latin1'), undefined],
  [Buffer.from('KDUM'), undefined],
  [Buffer.alloc(0), undefined],
])('%s', (start, name) => {
  expect(formatOf(start.subarray(0, MAGIC_SIZE))).toBe(name);
});
