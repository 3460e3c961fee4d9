import { ByteReader } from './byte-reader.ts';
import type { ElfFile } from './elf-file.ts';

/** DWARF's number of RSP on x86-64. */
const RSP = 7;
const CIE = 0xffff_ffff;

/** Instructions that one function's frame takes. */
interface FrameEntry {
  low: number;
  /** One past the last. */
  high: number;
  codeAlignment: number;
  /** Where the common instructions lie, and then its own: begin and end in the section. */
  programs: [number, number][];
}

/** How a caller's frame is found (DWARF 5, section 6.4): a register and what is added to it. */
interface Rule {
  register: number;
  offset: number;
}

/** Where return addresses stand, from .debug_frame, without gdb. */
export class CallFrames {
  readonly #section: Buffer;
  #entries: FrameEntry[] | undefined;

  constructor(elf: Pick<ElfFile, 'section' | 'contents'>) {
    this.#section = elf.contents(elf.section('.debug_frame'));
  }

  /**
   * How far above RSP the return address stands when the instruction at `address` is the next; undefined where RSP does not tell:
   * behind a function's prologue its frame pointer does.
   */
  returnAddressOffset(address: number): number | undefined {
    this.#entries ??= readEntries(this.#section);
    const entry = this.#find(this.#entries, address);
    const rule = entry && this.#ruleAt(entry, address);
    return rule?.register === RSP ? rule.offset - 8 : undefined;
  }

  #find(entries: FrameEntry[], address: number): FrameEntry | undefined {
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((entries[middle] as FrameEntry).low <= address) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    const entry = entries[low - 1];
    return entry && address < entry.high ? entry : undefined;
  }

  #ruleAt(entry: FrameEntry, address: number): Rule | undefined {
    const state: State = { location: entry.low, rule: { register: -1, offset: 0 }, remembered: [] };
    try {
      for (const [begin, end] of entry.programs) {
        const reader = new ByteReader(this.#section, begin);
        while (reader.position < end) {
          if (!step(reader, state, entry.codeAlignment, address)) {
            return state.rule;
          }
        }
      }
    } catch (error) {
      if (!(error instanceof RangeError)) {
        throw error;
      }
      return undefined;
    }
    return state.rule;
  }
}

function readEntries(section: Buffer): FrameEntry[] {
  const entries: FrameEntry[] = [];
  const common = new Map<number, { codeAlignment: number; program: [number, number] } | undefined>();
  for (let at = 0; at + 8 <= section.length; ) {
    const reader = new ByteReader(section, at);
    const length = reader.u32();
    const end = reader.position + length;
    // 64-bit DWARF, and what reaches over the end, is not read.
    if (length >= 0xffff_fff0 || end > section.length) {
      break;
    }
    const id = reader.u32();
    if (id !== CIE && id < section.length) {
      const head = common.get(id) ?? readCommon(section, id);
      common.set(id, head);
      if (end - reader.position < 16) {
        break;
      }
      const low = reader.address(8);
      const high = low + reader.u64();
      // Functions that the linker dropped stand at address 0.
      if (head && low !== 0) {
        const programs: [number, number][] = [head.program, [reader.position, end]];
        entries.push({ low, high, codeAlignment: head.codeAlignment, programs });
      }
    }
    at = end;
  }
  return entries.sort((a, b) => a.low - b.low);
}

function readCommon(section: Buffer, at: number): { codeAlignment: number; program: [number, number] } | undefined {
  const reader = new ByteReader(section, at);
  try {
    const end = reader.u32() + reader.position;
    if (reader.u32() !== CIE || end > section.length) {
      return undefined;
    }
    const version = reader.u8();
    // Augmentations are .eh_frame's; without one every entry is read as it is.
    if (reader.text() !== '') {
      return undefined;
    }
    reader.position += version >= 4 ? 2 : 0;
    const codeAlignment = reader.uleb();
    reader.sleb();
    if (version === 1) {
      reader.u8();
    } else {
      reader.uleb();
    }
    return { codeAlignment, program: [reader.position, end] };
  } catch (error) {
    if (error instanceof RangeError) {
      return undefined;
    }
    throw error;
  }
}

interface State {
  location: number;
  rule: Rule;
  remembered: Rule[];
}

/** One instruction; false when it is about what lies behind `address`. Only rules of the frame itself are kept. */
function step(reader: ByteReader, state: State, codeAlignment: number, address: number): boolean {
  const opcode = reader.u8();
  const advance = (count: number): boolean => {
    const next = state.location + count * codeAlignment;
    if (next > address) {
      return false;
    }
    state.location = next;
    return true;
  };
  switch (opcode >> 6) {
    case 1:
      return advance(opcode & 0x3f);
    case 2:
      reader.uleb();
      return true;
    case 3:
      return true;
  }
  switch (opcode) {
    case 0x00: // nop
      break;
    case 0x01: // set_loc
      state.location = reader.address(8);
      return state.location <= address;
    case 0x02:
      return advance(reader.u8());
    case 0x03:
      return advance(reader.u16());
    case 0x04:
      return advance(reader.u32());
    case 0x05: // offset_extended
    case 0x09: // register
    case 0x14: // val_offset
      reader.uleb();
      reader.uleb();
      break;
    case 0x06: // restore_extended
    case 0x07: // undefined
    case 0x08: // same_value
    case 0x2e: // GNU_args_size
      reader.uleb();
      break;
    case 0x0a:
      state.remembered.push(state.rule);
      break;
    case 0x0b:
      state.rule = state.remembered.pop() ?? state.rule;
      break;
    case 0x0c: // def_cfa
      state.rule = { register: reader.uleb(), offset: reader.uleb() };
      break;
    case 0x0d: // def_cfa_register
      state.rule = { ...state.rule, register: reader.uleb() };
      break;
    case 0x0e: // def_cfa_offset
      state.rule = { ...state.rule, offset: reader.uleb() };
      break;
    case 0x0f: // def_cfa_expression
      state.rule = { register: -1, offset: 0 };
      skip(reader);
      break;
    case 0x10: // expression
    case 0x16: // val_expression
      reader.uleb();
      skip(reader);
      break;
    case 0x11: // offset_extended_sf
    case 0x15: // val_offset_sf
      reader.uleb();
      reader.sleb();
      break;
    default:
      throw new RangeError(`call frame instruction ${opcode}`);
  }
  return true;
}

/** Over a block that begins with its length. */
function skip(reader: ByteReader): void {
  const length = reader.uleb();
  reader.position += length;
}
