/** The parts of gdb-js 1.3.0 that gdb.ts uses; the package has no types of its own. */
declare module 'gdb-js' {
  import type { EventEmitter } from 'node:events';

  /** A value of gdb's machine interface, as its parser returns it. */
  type MiValue = string | MiValue[] | { [name: string]: MiValue };

  interface MiRecord {
    state: string;
    data: { [name: string]: MiValue };
  }

  /** A highland stream; `each` consumes it. */
  interface TextStream {
    each(consume: (text: string) => void): unknown;
  }

  class GDB extends EventEmitter {
    constructor(process: {
      stdin: { write(text: string): unknown };
      stdout: NodeJS.ReadableStream;
      stderr: NodeJS.ReadableStream;
      kill(signal?: string): unknown;
    });
    readonly consoleStream: TextStream;
    readonly logStream: TextStream;
    readonly targetStream: TextStream;
    execMI(command: string): Promise<{ [name: string]: MiValue }>;
  }
}

declare module 'regenerator-runtime/runtime.js';
