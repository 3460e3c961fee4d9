/** A function's instructions beside its source, by gdb, without a target. */
import { execFile } from 'node:child_process';
import { formatAddress } from '../../guest/address.ts';
import type { SizeItem } from './model.ts';

const TIME_LIMIT = 60_000;
const LARGEST = 32 << 20;

/** The text of `disassemble /s`. @throws Error with one sentence when gdb is missing, hangs or knows nothing. */
export function disassemble(gdb: string, path: string, item: SizeItem): Promise<string> {
  const range = `${formatAddress(item.address)},+${Math.max(1, item.size)}`;
  const settings = ['set debuginfod enabled off', 'set auto-load off', 'set confirm off', 'set width 0'];
  const parameters = ['-nx', '-q', '--batch', ...settings.flatMap((setting) => ['-iex', setting])];
  parameters.push('-ex', `disassemble /s ${range}`, path);
  return new Promise((resolve, reject) => {
    execFile(
      gdb,
      parameters,
      { timeout: TIME_LIMIT, maxBuffer: LARGEST, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        if (error && 'code' in error && error.code === 'ENOENT') {
          reject(new Error(`gdb was not found (“${gdb}”): install gdb, or set its path.`));
        } else if (error?.killed) {
          reject(new Error('gdb took too long to disassemble.'));
        } else if (stdout.trim() === '') {
          reject(
            new Error(`gdb cannot disassemble ${item.name}: ${stderr.trim().split('\n').at(-1) ?? 'no reason given'}`),
          );
        } else {
          resolve(stdout);
        }
      },
    );
  });
}
