import type { SymbolTable } from '../elf/symbols.ts';
import type { KernelDefinition } from './kernel.ts';
import { sproutDefinition } from './sprout/sprout.ts';

/** Every kernel that we know. A third kernel is a third folder and a line here. */
const DEFINITIONS: readonly KernelDefinition[] = [sproutDefinition];

/** The kernel that an ELF is; undefined for one that we do not know. */
export function detectKernel(symbols: SymbolTable): KernelDefinition | undefined {
  return DEFINITIONS.find((definition) => definition.recognises(symbols));
}
