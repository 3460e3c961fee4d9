import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ElfFile } from './elf-file.ts';
import { InlinedCalls } from './inlined-calls.ts';
import { LineTable } from './lines.ts';

/** Two functions in one, called in lines 9 and 15; what is before and behind is the function's own. */
const SOURCE = `void wait();
namespace deep {
static int table[] = { 1, 2, 3 };
[[gnu::always_inline]] inline void inner()
{
    wait();
}
[[gnu::always_inline]] inline void outer()
{   inner();
    wait();
}
void work()
{
    wait();
    if (table[0]) { outer(); }
    wait();
}
}
void wait() { asm volatile("nop"); }
int main() { deep::work(); }
`;

let folder: string;
let elf: ElfFile;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'inlined-'));
  writeFileSync(join(folder, 'work.cc'), SOURCE);
  const flags = ['-gdwarf-5', '-O1', '-fno-inline', '-fno-optimize-sibling-calls', '-no-pie'];
  execFileSync('g++', [...flags, 'work.cc', '-o', 'program'], { cwd: folder });
  elf = new ElfFile(join(folder, 'program'));
});
afterAll(() => {
  elf.close();
  rmSync(folder, { recursive: true });
});

test('what is inlined is told by the line that calls it in the function around it', () => {
  const work = elf.symbols.find(({ name }) => name === '_ZN4deep4workEv');
  const { address, size } = work ?? { address: 0, size: 0 };
  const calls = new InlinedCalls(elf);
  const lines = new LineTable(elf);
  const told = Array.from({ length: size }, (_, offset) => {
    const call = calls.callAt(address + offset);
    const place = call ? lines.ofCall(call) : undefined;
    return [lines.at(address + offset)?.line, place ? `${basename(place.file)}:${place.line}` : call];
  });
  const of = (line: number) => new Set(told.filter(([exact]) => exact === line).map(([, call]) => call));
  expect(of(6)).toEqual(new Set(['work.cc:15']));
  expect(of(10)).toEqual(new Set(['work.cc:15']));
  expect(of(14)).toEqual(new Set([null]));
  expect(of(16)).toEqual(new Set([null]));
});

test('of code that is in no unit nothing is known', () => {
  expect(new InlinedCalls(elf).callAt(0x10)).toBeUndefined();
});
