import type { SymbolTable } from '../elf/symbols.ts';
import type { KernelDefinition, KernelName } from './kernel.ts';
import { osvDefinition } from './osv/osv.ts';
import { sproutDefinition } from './sprout/sprout.ts';

/** Every kernel that we know. A third kernel is a third folder and a line here. */
const DEFINITIONS: readonly KernelDefinition[] = [sproutDefinition, osvDefinition];

/** What is known of a kernel by its name alone. */
export function definitionOf(name: KernelName): KernelDefinition | undefined {
  return DEFINITIONS.find((definition) => definition.name === name);
}

/** Every kernel's, for an ELF that is not recognised yet: those that it has no symbol of do not matter. */
export function panicFunctions(): string[] {
  return DEFINITIONS.map(({ panicFunction }) => panicFunction);
}

/** The kernel that an ELF is; undefined for one that we do not know. */
export function detectKernel(symbols: SymbolTable): KernelDefinition | undefined {
  return DEFINITIONS.find((definition) => definition.recognises(symbols));
}
