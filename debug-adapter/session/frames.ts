/** Call stacks, and the frames that variables are asked of. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { Handles } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { type MiRecord, numberOf, recordsOf, textOf } from '../gdb/records.ts';
import { withoutArguments } from '../kernels/brief.ts';
import { definitionOf } from '../kernels/detect.ts';
import type { CurrentBoot } from './lifecycle.ts';
import type { Handlers } from './requests.ts';

export interface Frame {
  /** DAP thread id. */
  thread: number;
  /** 0: the innermost. */
  level: number;
}

/** A thread's innermost frames that only say how it waits or panics, as far as its stack was asked for. */
interface Plumbing {
  /** How many they are. */
  frames: number;
  /** Their files. */
  paths: Set<string>;
  /** The file of the first frame that says why; undefined until it was asked for. */
  interesting?: string | undefined;
}

/** What a client may ask for at once; a stack that is longer is asked for in pages. */
const MOST_FRAMES = 1000;

export class Frames {
  readonly #current: CurrentBoot;
  readonly #isPanic: () => boolean;
  readonly #handles = new Handles<Frame>();
  readonly #sources = new Map<string, DebugProtocol.Source>();
  readonly #plumbing = new Map<number, Plumbing>();

  /** @param isPanic whether the guest stands in a panic */
  constructor(current: CurrentBoot, isPanic: () => boolean) {
    this.#current = current;
    this.#isPanic = isPanic;
  }

  /** The guest goes on: no frame is valid any more. */
  forget(): void {
    this.#handles.reset();
    this.#plumbing.clear();
  }

  /** The options of an MI command that make it run in a frame. Rejects with one sentence when the frame is gone. */
  async context(frame: Frame): Promise<string> {
    const number = await this.#current().debuggee.gdbThread(frame.thread);
    return `--thread ${number} --frame ${frame.level}`;
  }

  /** @throws Error with one sentence for a frame of an earlier stop. */
  frame(id: number): Frame {
    const frame = this.#handles.get(id);
    if (!frame) {
      throw new Error('This stack frame is of an earlier stop.');
    }
    return frame;
  }

  get handlers(): Handlers<'stackTrace'> {
    return { stackTrace: (given) => this.#stackTrace(given) };
  }

  async #stackTrace(given: DebugProtocol.StackTraceArguments): Promise<DebugProtocol.StackTraceResponse['body']> {
    const { debuggee } = this.#current();
    const start = Math.max(0, Math.trunc(given.startFrame ?? 0) || 0);
    const count = Math.min(MOST_FRAMES, Math.max(0, Math.trunc(given.levels ?? 0)) || MOST_FRAMES);
    const thread = await debuggee.gdbThread(given.threadId);
    // One more than asked for tells whether there are more.
    const answer = await debuggee.gdb.execute(`-stack-list-frames --thread ${thread} ${start} ${start + count}`);
    const records = recordsOf(answer, 'stack');
    const stackFrames = records.slice(0, count).map((record) => this.#stackFrame(given.threadId, record));
    this.#deemphasise(given.threadId, start, stackFrames);
    return { stackFrames, totalFrames: start + records.length };
  }

  /**
   * Of a thread that waits or panics, the innermost frames only say how: they step back, so that a client selects the first frame
   * that says why. A thread that runs may be stopped in the very lock that is debugged: its frames stay as they are.
   */
  #deemphasise(thread: number, start: number, frames: DebugProtocol.StackFrame[]): void {
    const { awareness, debuggee } = this.#current();
    const definition = awareness?.kernel === undefined ? undefined : definitionOf(awareness.kernel);
    const isParked = !debuggee.stub.stopFacts?.cpuThreads.includes(thread);
    if (!definition || !(isParked || this.#isPanic())) {
      return;
    }
    const plumbing: Plumbing = this.#plumbing.get(thread) ?? { frames: 0, paths: new Set() };
    this.#plumbing.set(thread, plumbing);
    for (const [index, frame] of frames.entries()) {
      const { source } = frame;
      const path = source?.path ?? '';
      if (start + index === plumbing.frames && definition.plumbing.test(withoutArguments(frame.name))) {
        plumbing.frames++;
        plumbing.paths.add(path);
      } else {
        plumbing.interesting ??= path;
      }
      // VS Code keeps one hint for all frames of a file.
      if (source && plumbing.paths.has(path) && path !== plumbing.interesting) {
        frame.source = { ...source, presentationHint: 'deemphasize', origin: isParked ? 'waiting' : 'panic' };
      }
    }
  }

  #stackFrame(thread: number, record: MiRecord): DebugProtocol.StackFrame {
    const address = textOf(record, 'addr') ?? '0x0';
    const name = textOf(record, 'func') ?? '??';
    const source = this.#source(record);
    return {
      id: this.#handles.create({ thread, level: numberOf(record, 'level') ?? 0 }),
      name: name === '??' ? address : name,
      line: source ? (numberOf(record, 'line') ?? 0) : 0,
      column: 0,
      instructionPointerReference: address,
      ...(source ? { source } : { presentationHint: 'subtle' as const }),
    };
  }

  #source(record: MiRecord): DebugProtocol.Source | undefined {
    const path = textOf(record, 'fullname');
    if (path === undefined) {
      return undefined;
    }
    const known = this.#sources.get(path);
    if (known) {
      return known;
    }
    const source = sourceOf(path);
    this.#sources.set(path, source);
    return source;
  }
}

/** A file that is not there is named, and shown by its disassembly. */
function sourceOf(path: string): DebugProtocol.Source {
  return existsSync(path)
    ? { name: basename(path), path }
    : { name: basename(path), path, presentationHint: 'deemphasize', origin: 'not on this machine' };
}
