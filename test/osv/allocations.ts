/** What lives in a guest that keeps track of its allocations, by who made it. */
import { join } from 'node:path';
import { ElfFile } from '../../debug-adapter/elf/elf-file.ts';
import { SymbolTable } from '../../debug-adapter/elf/symbols.ts';
import type { LaunchArguments } from '../../debug-adapter/protocol.ts';
import { OsvGuest } from './guest.ts';

/** One sentence for each thing that is not as it should be. Kernels are built without a tracker unless somebody asks for it. */
export async function checkAllocations(folder: string, tree: string): Promise<string[]> {
  const { symbols } = new ElfFile(join(tree, 'build/last/loader.elf'));
  if (!new SymbolTable(symbols).find('memory::tracker')) {
    console.log('   this kernel has no tracker: build it with conf_memory_tracker=1');
    return [];
  }
  const commandLine = '--rootfs=rofs --noshutdown --leak /hello';
  const launch: LaunchArguments = { cwd: tree, build: [], memory: '128M', cpus: 2, accelerator: 'tcg', commandLine };
  const guest = await OsvGuest.launch(folder, launch, 'osv::application::main');
  try {
    const start = performance.now();
    const { groups } = await guest.client.custom('unikernel/allocations', {});
    const time = performance.now() - start;
    const ours = groups.map(({ count, requested }) => `${count} of ${requested} bytes`).sort();
    const theirs = (await guest.gdbReading()).allocations?.map(([count, bytes]) => `${count} of ${bytes} bytes`).sort();
    const live = groups.reduce((sum, { count }) => sum + count, 0);
    console.log(`   ${live} allocations by ${groups.length} chains of callers, in ${time.toFixed(1)} ms`);
    const unnamed = groups.filter(({ callers }) => callers.length === 0);
    return [
      ...(JSON.stringify(ours) === JSON.stringify(theirs)
        ? []
        : [`allocations: ${ours.join(', ')}; gdb: ${theirs?.join(', ')}`]),
      ...(unnamed.length > 0 ? [`${unnamed.length} groups have no callers`] : []),
    ];
  } finally {
    await guest.dispose();
  }
}
