/** How the observation worker opens a guest's RAM. */
import { closeSync, openSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import type { RamRegion, RamSource } from './machine.ts';

/** A command of QEMU's human monitor, by QMP or by gdb's `monitor`. */
export type Monitor = (command: string) => Promise<string>;

const FOUR_GIB = 2 ** 32;

/** The memfd of a QEMU that was started with `memory-backend-memfd`: nothing is copied, nothing has a name. */
export async function findMemfd(pid: number, monitor: Monitor): Promise<RamSource | undefined> {
  const folder = `/proc/${pid}/fd`;
  for (const name of readdirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isMemoryBackend(path)) {
      const size = statSync(path).size;
      // A machine with no more than 2 GiB has it all in one piece below 4 GiB: no need to ask.
      const lowSize = size <= FOUR_GIB / 2 ? size : await lowMemory(monitor, size);
      return { kind: 'file', path, size, lowSize };
    }
  }
  return undefined;
}

function isMemoryBackend(path: string): boolean {
  try {
    return readlinkSync(path).startsWith('/memfd:memory-backend-memfd');
  } catch {
    return false;
  }
}

async function lowMemory(monitor: Monitor, size: number): Promise<number> {
  const low = parseRamRegions(await monitor('info mtree -f')).filter(({ physical }) => physical < FOUR_GIB);
  const top = Math.max(0, ...low.map(({ physical, size: length }) => physical + length));
  return Math.min(top || size, size);
}

/** The RAM of any QEMU of this host, through /proc/PID/mem. Undefined where that may not be read or nothing is mapped. */
export async function findProcessMemory(pid: number, monitor: Monitor): Promise<RamSource | undefined> {
  try {
    closeSync(openSync(`/proc/${pid}/mem`, 'r'));
  } catch {
    return undefined;
  }
  const regions: RamRegion[] = [];
  for (const { physical, size } of parseRamRegions(await monitor('info mtree -f'))) {
    const answer = await monitor(`gpa2hva 0x${physical.toString(16)}`);
    const at = Number(/ is (0x[0-9a-f]+)/i.exec(answer)?.[1]);
    if (at > 0) {
      regions.push({ physical, size, at });
    }
  }
  return regions.length > 0 ? { kind: 'process', pid, regions } : undefined;
}

/** Bytes of RAM, by the end of its last region: for `pmemsave`. */
export async function ramSize(monitor: Monitor): Promise<number> {
  const regions = parseRamRegions(await monitor('info mtree -f'));
  return Math.max(0, ...regions.map(({ physical, size }) => physical + size));
}

/**
 * RAM in QEMU's `info mtree -f`: lines such as `  0000000000000000-000000000009ffff (prio 0, ram): pc.ram KVM` of the flat view that
 * has the memory at 0. Read-only RAM is ROM.
 */
export function parseRamRegions(text: string): { physical: number; size: number }[] {
  const views = text.split(/^FlatView /m).filter((view) => /AS "(memory|cpu-memory-0)"/.test(view));
  const view = views[0] ?? '';
  const regions: NamedRegion[] = [];
  const line = /^\s+([0-9a-f]{16})-([0-9a-f]{16}) \(prio -?\d+, ram\): (\S+)/gm;
  for (const [, first, last, name] of view.matchAll(line)) {
    const physical = Number.parseInt(first ?? '', 16);
    const size = Number.parseInt(last ?? '', 16) - physical + 1;
    if (name !== undefined && isMainMemory(name) && size > 0) {
      regions.push({ physical, size, name });
    }
  }
  return joined(regions).map(({ physical, size }) => ({ physical, size }));
}

/** Video memory and firmware are RAM too, to QEMU. */
function isMainMemory(name: string): boolean {
  return !/vga|vram|bios|rom|flash|fw_cfg|acpi/i.test(name);
}

interface NamedRegion {
  physical: number;
  size: number;
  name: string;
}

/** Neighbours of one block are one region: QEMU tells them apart where a device lay between them once. */
function joined(regions: NamedRegion[]): NamedRegion[] {
  const result: NamedRegion[] = [];
  for (const region of regions.sort((a, b) => a.physical - b.physical)) {
    const last = result.at(-1);
    if (last && last.name === region.name && last.physical + last.size === region.physical) {
      last.size += region.size;
    } else {
      result.push({ ...region });
    }
  }
  return result;
}
