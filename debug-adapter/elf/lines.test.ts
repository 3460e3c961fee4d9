import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ElfFile } from './elf-file.ts';
import { LineTable } from './lines.ts';
import { SymbolTable } from './symbols.ts';

const HEADER = `void wait();
struct Guard {
    [[gnu::always_inline]] Guard()
    {
        asm volatile("nop");
        wait();
    }
};
`;
const SOURCE = `#include "guard.hh"
void wait() { asm volatile("nop"); }
void prepare() { asm volatile("nop"); }

void work()
{
    prepare();
    Guard guard;
    prepare();
}

int main() { work(); }
`;

let folder: string;
let elf: ElfFile;
let symbols: SymbolTable;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lines-'));
  writeFileSync(join(folder, 'guard.hh'), HEADER);
  writeFileSync(join(folder, 'work.cc'), SOURCE);
  execFileSync('g++', ['-g', '-Og', '-fno-inline', '-no-pie', 'work.cc', '-o', 'program'], { cwd: folder });
  elf = new ElfFile(join(folder, 'program'));
  symbols = new SymbolTable(elf.symbols);
});
afterAll(() => {
  elf.close();
  rmSync(folder, { recursive: true });
});

test('an instruction of an inlined function has its line there, and one in the function around it', () => {
  const work = symbols.largest(1000).find(({ name }) => name === '_Z4workv');
  expect(work).toBeDefined();
  const { address: begin, size } = work ?? { address: 0, size: 0 };
  const lines = new LineTable(elf);
  const places = Array.from({ length: size }, (_, offset) => {
    const [exact, own] = [lines.at(begin + offset), lines.inFunction(begin + offset, begin)];
    return `${basename(exact?.file ?? '')}:${exact?.line} ${basename(own?.file ?? '')}:${own?.line}`;
  });
  const inlined = places.filter((place) => place.startsWith('guard.hh'));
  expect(inlined.length).toBeGreaterThan(3);
  // The call of the guard stands in line 8; what was before it is in line 7.
  expect(new Set(inlined.map((place) => place.replace(/^.* /, '')))).toEqual(new Set(['work.cc:8']));
  for (const place of places.filter((one) => one.startsWith('work.cc'))) {
    const [exact, own] = place.split(' ');
    expect(own).toBe(exact);
  }
});

test('where there is no line there is none', () => {
  const lines = new LineTable(elf);
  expect([lines.at(0x10), lines.inFunction(0x10, 0x8)]).toEqual([undefined, undefined]);
});
