import { expect, test } from 'vitest';
import { parseRamRegions } from './ram.ts';

/** QEMU 7.2, `-machine q35 -m 5G`, with its line ends. */
const Q35 = `FlatView #0
 AS "cpu-smm-0", root: memory
 Root memory region: memory
  0000000000000000-00000000000affff (prio 0, ram): pc.ram

FlatView #1
 AS "I/O", root: io
 Root memory region: io
  0000000000000000-0000000000000007 (prio 0, i/o): dma-chan

FlatView #2
 AS "memory", root: system
 AS "cpu-memory-0", root: system
 Root memory region: system
  0000000000000000-00000000000bffff (prio 0, ram): pc.ram
  00000000000c0000-00000000000dffff (prio 1, rom): pc.rom
  00000000000e0000-00000000000fffff (prio 0, rom): pc.bios @0000000000020000
  0000000000100000-000000007fffffff (prio 0, ram): pc.ram @0000000000100000
  00000000fd000000-00000000fdffffff (prio 1, ram): vga.vram
  00000000fee00000-00000000feefffff (prio 4096, i/o): apic-msi
  0000000100000000-00000001bfffffff (prio 0, ram): pc.ram @0000000080000000 KVM
`.replaceAll('\n', '\r\n');

test('main memory of the flat view that CPUs see, without ROM, video memory and devices', () => {
  expect(parseRamRegions(Q35)).toEqual([
    { physical: 0, size: 0xc0000 },
    { physical: 0x10_0000, size: 0x7ff0_0000 },
    { physical: 0x1_0000_0000, size: 0xc000_0000 },
  ]);
});

test('neighbours of one block are one region, those of two are two', () => {
  const lines = [
    '0000000000100000-00000000001fffff (prio 0, ram): ram @0000000000100000',
    '0000000000000000-00000000000effff (prio 0, ram): ram',
    '00000000000f0000-00000000000fffff (prio 1, ram): ram @00000000000f0000',
    '0000000000200000-00000000002fffff (prio 0, ram): dimm0',
  ];
  expect(parseRamRegions(`FlatView #0\n AS "memory", root: system\n  ${lines.join('\n  ')}\n`)).toEqual([
    { physical: 0, size: 0x20_0000 },
    { physical: 0x20_0000, size: 0x10_0000 },
  ]);
});

test.each(['', 'Unknown command: mtree', 'FlatView #0\n AS "I/O", root: io\n', `${Q35.slice(0, 200)}`])(
  'nothing in %j',
  (text) => {
    expect(parseRamRegions(text)).toEqual([]);
  },
);
