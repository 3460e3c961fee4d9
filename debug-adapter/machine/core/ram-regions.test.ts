import { expect, test } from 'vitest';
import { ramRegions } from './ram-regions.ts';

function segment(physical: number, fileSize: number, offset: number) {
  return { physical, fileSize, offset, virtual: 0, memorySize: fileSize };
}

test('segments that follow one another are one region', () => {
  expect(ramRegions([segment(0x2000, 0x1000, 0x5000), segment(0x1000, 0x1000, 0x4000)])).toEqual([
    { physical: 0x1000, size: 0x2000, at: 0x4000 },
  ]);
});

test('a hole in RAM, or in the file, parts regions', () => {
  const holes = [segment(0, 0x1000, 0x100), segment(0x2000, 0x1000, 0x1100), segment(0x3000, 0x1000, 0x9100)];
  expect(ramRegions(holes)).toEqual(
    holes.map(({ physical, fileSize, offset }) => ({ physical, size: fileSize, at: offset })),
  );
});

test('segments of virtual memory lie over one another: each byte is told once', () => {
  const regions = ramRegions([
    segment(0x1000, 0x4000, 0x10),
    segment(0x2000, 0x1000, 0x1010),
    segment(0x4000, 0x3000, 0x3010),
    segment(0xffff_ffff_f000, 0, 0),
  ]);
  expect(regions).toEqual([{ physical: 0x1000, size: 0x6000, at: 0x10 }]);
});

test('no RAM lies above 52 bits', () => {
  expect(ramRegions([segment(2 ** 52 - 0x1000, 0x2000, 0)])).toBeUndefined();
  expect(ramRegions([segment(2 ** 52 - 0x1000, 0x1000, 0)])).toHaveLength(1);
});
