/** What a kernel's awareness asks of one build: for the check of kernel awareness. */
import { type Symbol as ElfSymbol, SymbolTable } from '../elf/symbols.ts';
import { type LayoutFile, Layouts } from '../guest/layouts.ts';
import type { Need, Needs } from '../guest/needs.ts';
import type { KernelDefinition, KernelFacts } from '../kernels/kernel.ts';

/** Makes the awareness as for a session, over facts that bear whatever is missing, and tells all that it asked for. */
export function surveyNeeds(
  definition: KernelDefinition,
  file: LayoutFile,
  symbols: readonly ElfSymbol[],
  describing: Omit<KernelFacts, 'symbols' | 'layouts'>,
): Need[] {
  const layouts = new Layouts(file, { aliases: definition.aliases, isSurvey: true });
  definition.create({ ...describing, layouts, symbols: new AskedSymbols(symbols, layouts.needs) });
  return layouts.needs.list;
}

/** Notes what is asked for, and never lacks anything. */
class AskedSymbols extends SymbolTable {
  readonly #needs: Needs;

  constructor(symbols: readonly ElfSymbol[], needs: Needs) {
    super(symbols);
    this.#needs = needs;
  }

  override find(name: string): ElfSymbol {
    const found = super.find(name);
    this.#needs.note('symbol', name, found && name);
    return found ?? { name, address: 0, size: 0, kind: 'other', local: false, section: '' };
  }
}
