import { basename } from 'node:path';
import { type BuildId, readBuildId } from '../elf/build-id.ts';
import { CallFrames } from '../elf/call-frames.ts';
import { ElfFile } from '../elf/elf-file.ts';
import { InlinedCalls } from '../elf/inlined-calls.ts';
import { LineTable, type SourceLine } from '../elf/lines.ts';
import { mappedPath, type SymbolPlace } from '../elf/symbol-place.ts';
import { SymbolTable } from '../elf/symbols.ts';
import { type Address, formatAddress } from '../guest/address.ts';
import { Layouts } from '../guest/layouts.ts';
import { withoutArguments } from '../kernels/brief.ts';
import { detectKernel } from '../kernels/detect.ts';
import type { Kernel, KernelFacts } from '../kernels/kernel.ts';
import type { AwarenessReport, ProfilePlace, SymbolsResponse } from '../protocol.ts';
import { LayoutSource } from './layout-source.ts';
import type { WorkerStart } from './messages.ts';
import { surveyNeeds } from './survey.ts';

/** One build: its ELF's symbols, lines and build id, and the kernel that it is. */
export class BuildFacts {
  readonly elf: ElfFile;
  readonly buildId: BuildId | undefined;
  readonly symbols: SymbolTable;
  readonly #start: WorkerStart;
  readonly #source: LayoutSource;
  readonly #described = new Map<Address, string>();
  readonly #functions = new Map<string, string>();
  #lines: LineTable | undefined;
  #callFrames: CallFrames | undefined;
  #inlinedCalls: InlinedCalls | undefined;
  #layouts: Layouts | undefined;
  #survey: (() => Pick<AwarenessReport, 'kernel' | 'needs'>) | undefined;

  /** @throws Error with one sentence when the ELF cannot be read. */
  constructor(start: WorkerStart) {
    const { elf, gdb, cacheDirectory } = start.options;
    this.#start = start;
    this.elf = new ElfFile(elf);
    this.buildId = readBuildId(this.elf);
    this.symbols = new SymbolTable(this.elf.symbols);
    this.#source = new LayoutSource({
      elf,
      gdb,
      cacheDirectory,
      buildId: this.buildId?.id,
      script: start.layoutScript,
    });
  }

  /** The kernel's awareness; undefined for a kernel that we do not know. @throws Error with one sentence. */
  async kernel(): Promise<Kernel | undefined> {
    const definition = detectKernel(this.symbols);
    if (!definition) {
      return undefined;
    }
    if (!this.elf.hasDebugInformation) {
      throw new Error(`${this.#start.options.elf} has no debug information (DWARF): build it with -g.`);
    }
    const aliases = definition.aliases ?? {};
    const named = (names: readonly string[]) => names.flatMap((name) => [name, ...(aliases[name] ?? [])]);
    const file = await this.#source.read({
      types: named(definition.types),
      variables: named(definition.variables),
      demangle: this.elf.symbols.map((symbol) => symbol.name).filter((name) => name.startsWith('_Z')),
    });
    this.#layouts = new Layouts(file, { aliases });
    this.#survey = () => ({
      kernel: definition.name,
      needs: surveyNeeds(definition, file, this.elf.symbols, this.#describing),
    });
    return definition.create({ ...this.#describing, symbols: this.symbols, layouts: this.#layouts });
  }

  /** Everything that the kernel's awareness asks of this build; undefined for a kernel that is not known. */
  awarenessReport(): AwarenessReport | undefined {
    const survey = this.#survey?.();
    return (
      survey && {
        ...survey,
        program: this.#start.options.elf,
        ...(this.buildId && { buildId: this.buildId.id }),
        notes: this.notes,
      }
    );
  }

  get #describing(): Omit<KernelFacts, 'symbols' | 'layouts'> {
    return {
      describe: (address) => this.describe(address),
      functionAt: (address) => this.functionAt(address),
      place: (address) => this.place(address),
      returnAddressOffset: (address) => this.returnAddressOffset(address),
    };
  }

  /** Columns that this build cannot tell. */
  get notes(): string[] {
    return [...(this.#layouts?.notes ?? [])];
  }

  /** `slice_ended(sprout::Timer&) (scheduler.cc:29)`: the line is the function's own, also where another is inlined. */
  describe(address: Address): string {
    let text = this.#described.get(address);
    if (text === undefined) {
      const found = this.symbols.at(address);
      const line = found && this.#lineInFunction(address, found.symbol.address);
      const place = line ? ` (${basename(line.file)}:${line.line})` : '';
      text = found ? `${this.#name(found)}${place}` : formatAddress(address);
      this.#described.set(address, text);
    }
    return text;
  }

  /** Where another function is inlined: the line that calls it. */
  #lineInFunction(address: Address, begin: Address): SourceLine | undefined {
    this.#inlinedCalls ??= new InlinedCalls(this.elf);
    const call = this.#inlinedCalls.callAt(address);
    if (call === null) {
      return this.#lineTable.at(address);
    }
    return call ? this.#lineTable.ofCall(call) : this.#lineTable.inFunction(address, begin);
  }

  /** Undefined for an address in no symbol. */
  symbolise(address: Address): SymbolPlace | undefined {
    const found = this.symbols.at(address);
    if (!found) {
      return undefined;
    }
    const { sourceMap = {} } = this.#start.options;
    const place = this.#lineTable.at(address);
    return {
      symbol: this.#demangle(found.symbol.name),
      offset: found.offset,
      ...(place && { file: mappedPath(place.file, sourceMap), line: place.line }),
    };
  }

  /** `sprout::Worker::run`; undefined for an address in no function. */
  functionAt(address: Address): string | undefined {
    const found = this.symbols.at(address);
    if (!found) {
      return undefined;
    }
    let name = this.#functions.get(found.symbol.name);
    if (name === undefined) {
      name = withoutArguments(this.#demangle(found.symbol.name));
      this.#functions.set(found.symbol.name, name);
    }
    return name;
  }

  /** The function and the line of a code address; its address for a name when it lies in no function. */
  place(address: Address): ProfilePlace {
    const { file, line } = this.symbolise(address) ?? {};
    const name = this.functionAt(address) ?? formatAddress(address);
    return { name, ...(file !== undefined && { file }), ...(line !== undefined && { line }) };
  }

  /** See CallFrames. */
  returnAddressOffset(address: Address): number | undefined {
    this.#callFrames ??= new CallFrames(this.elf);
    return this.#callFrames.returnAddressOffset(address);
  }

  largestSymbols(count: number): SymbolsResponse['symbols'] {
    return this.symbols.largest(count).map((symbol) => ({
      name: this.#demangle(symbol.name),
      address: symbol.address,
      size: symbol.size,
      section: symbol.section,
    }));
  }

  close(): void {
    this.#source.stop();
    this.elf.close();
  }

  #name(found: { symbol: { name: string }; offset: number }): string {
    const name = this.#demangle(found.symbol.name);
    return found.offset === 0 ? name : `${name}+0x${found.offset.toString(16)}`;
  }

  #demangle(name: string): string {
    return this.#layouts?.demangle(name) ?? name;
  }

  get #lineTable(): LineTable {
    this.#lines ??= new LineTable(this.elf);
    return this.#lines;
  }
}
