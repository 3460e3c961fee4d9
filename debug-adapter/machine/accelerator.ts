import { closeSync, openSync, readFileSync } from 'node:fs';

export type Accelerator = 'tcg' | 'kvm';

/**
 * Which accelerator to use. `auto` takes KVM only where it works: `/dev/kvm` opens and the CPU shows vmx or svm. Without those a
 * para-virtual KVM runs ring 0 hundreds of times slower than TCG does.
 * @throws Error with one sentence when `kvm` is wanted and cannot be had.
 */
export function chooseAccelerator(wanted: 'auto' | Accelerator): Accelerator {
  if (wanted === 'tcg') {
    return 'tcg';
  }
  const obstacle = kvmObstacle();
  if (obstacle === undefined) {
    return 'kvm';
  }
  if (wanted === 'kvm') {
    throw new Error(`KVM cannot be used: ${obstacle}. Choose "auto" or "tcg" as accelerator.`);
  }
  return 'tcg';
}

function kvmObstacle(): string | undefined {
  try {
    closeSync(openSync('/dev/kvm', 'r+'));
  } catch (error) {
    return `/dev/kvm cannot be opened (${(error as NodeJS.ErrnoException).code})`;
  }
  return /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'))
    ? undefined
    : 'the CPU shows neither vmx nor svm';
}
