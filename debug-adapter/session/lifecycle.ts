/** From `launch` or `attach` to the end: which boot is the current one, and what happens to it. */

import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Gdb } from '../gdb/gdb.ts';
import { recordOf, textOf } from '../gdb/records.ts';
import { AttachedQemu } from '../machine/attached-qemu.ts';
import { patience } from '../patience.ts';
import { CPU_THREAD_BASE } from '../protocol.ts';
import { sentence } from '../sentence.ts';
import { type CheckedAttach, type CheckedLaunch, checkAttach, checkLaunch } from './arguments.ts';
import { attach, type Boot, type BootContext, launch } from './boot.ts';
import { build } from './build.ts';
import type { Debuggee } from './debuggee.ts';
import { GuestOutput } from './guest-output.ts';
import { chooseKernel, type KernelChoice } from './kernel-tree.ts';
import type { Handlers } from './requests.ts';
import { ATTACHED, type Stop } from './stop.ts';
import { TrafficLog } from './traffic-log.ts';

/** The boot under debug. @throws Error with one sentence when there is none. */
export type CurrentBoot = () => Boot;

/** What the session must hear of. */
export interface LifecycleEvents {
  /** The client may set breakpoints. */
  initialized(): void;
  stopped(stop: Stop): void;
  resumed(): void;
  /** A new boot replaces an older one, before it runs. */
  rebooted(boot: Boot): Promise<void>;
  /** The guest is no more. */
  ended(exitCode: number): void;
  output(category: 'console' | 'important' | 'stdout' | 'stderr', text: string): void;
  /** A message of a log point. */
  logged(breakpoint: string, text: string): void;
  /** gdb knows more symbols than before. The guest is stopped. */
  symbolsAdded(debuggee: Debuggee): Promise<void>;
  statusChanged(): void;
}

/** How long the naming of a dead guest's last backtrace may take, in milliseconds: a build that was never read before takes some. */
const LAST_WORDS_TIME_LIMIT = 20_000;

type Options = CheckedLaunch | CheckedAttach;
type Family = 'launch' | 'attach' | 'configurationDone' | 'restart' | 'terminate' | 'disconnect';

export class Lifecycle {
  readonly #events: LifecycleEvents;
  readonly #abort = new AbortController();
  #options: Options | undefined;
  #log: TrafficLog | undefined;
  #boot: Boot | undefined;
  #output: GuestOutput | undefined;
  /** gdb's number of the breakpoint at the kernel's entry. */
  #entryBreakpoint: string | undefined;
  /** What is under way and must be waited for before the end. */
  #starting: Promise<unknown> = Promise.resolve();
  #ending: Promise<void> | undefined;
  #restarting = false;
  #isEndTold = false;

  constructor(events: LifecycleEvents) {
    this.#events = events;
  }

  readonly current: CurrentBoot = () => {
    if (!this.#boot) {
      throw new Error(
        this.#ending
          ? 'The session has ended.'
          : this.#restarting
            ? 'The guest is being restarted.'
            : 'No guest has been started.',
      );
    }
    return this.#boot;
  };

  get boot(): Boot | undefined {
    return this.#boot;
  }

  /** The configuration of the guest under debug. */
  get options(): Options | undefined {
    return this.#options;
  }

  get handlers(): Handlers<Family> {
    return {
      launch: (given) => this.#begin(() => checkLaunch(given)),
      attach: (given) => this.#begin(() => checkAttach(given)),
      configurationDone: () => this.#go(),
      restart: ({ arguments: given }) => this.#restart(given),
      terminate: () => this.#terminate(),
      disconnect: ({ terminateDebuggee }) => this.end(terminateDebuggee),
    };
  }

  /**
   * Ends everything: idempotent, and also good in the middle of a start. A launched guest ends; an attached one goes on as it was,
   * unless `terminate` says that it must end too.
   */
  end(terminate = false): Promise<void> {
    this.#ending ??= this.#end(terminate);
    return this.#ending;
  }

  async #begin(check: () => Options): Promise<void> {
    if (this.#options) {
      throw new Error('This session has a guest already.');
    }
    const options = check();
    this.#options = options;
    if (options.logFile !== undefined) {
      this.#log = new TrafficLog(options.logFile, (text) => this.#events.output('stderr', `${text}\n`));
    }
    try {
      await this.#track(this.#prepare(options));
    } catch (error) {
      // The client may mend its configuration and try again.
      this.#options = undefined;
      this.#log?.close();
      throw error;
    }
    this.#events.initialized();
  }

  /** Whatever is under way is known, so that the end can wait for it. */
  async #track(work: Promise<void>): Promise<void> {
    this.#starting = work.catch(() => undefined);
    await work;
  }

  async #prepare(options: Options): Promise<void> {
    const choice = chooseKernel(options);
    await this.#build(options, choice);
    await this.#start(options, choice);
  }

  async #build(options: Options, choice: KernelChoice): Promise<void> {
    if (options.request === 'launch') {
      await build({
        choice,
        command: options.build,
        osv: options.osv,
        environment: options.buildEnvironment,
        cwd: options.cwd,
        output: (text) => this.#events.output('console', text),
        signal: this.#abort.signal,
      });
    }
  }

  async #start(options: Options, choice: KernelChoice): Promise<void> {
    const output = this.#makeOutput();
    const context: BootContext = {
      log: this.#log,
      console: (text) => output.write(text),
      statusChanged: () => this.#events.statusChanged(),
      symbolsAdded: (debuggee) => this.#events.symbolsAdded(debuggee),
      warn: (text) => this.#events.output('important', `${text}\n`),
    };
    const boot = await (options.request === 'launch'
      ? launch(options, choice, context)
      : attach(options, choice, context));
    if (this.#ending) {
      await boot.dispose();
      throw new Error('The session was ended while the guest started.');
    }
    this.#boot = boot;
    this.#follow(boot);
  }

  /** Each boot has its own: what an old guest said last does not mix with the new one's first words. */
  #makeOutput(): GuestOutput {
    const output = new GuestOutput(
      (text) => this.#events.output('stdout', text),
      async (address) => this.#boot?.awareness?.observation.symbolise(address),
    );
    this.#output = output;
    return output;
  }

  #follow(boot: Boot): void {
    const { debuggee } = boot;
    const isCurrent = (): boolean => this.#boot === boot;
    debuggee.on('stopped', (stop) => {
      boot.awareness?.setRunning(false);
      // The answer to the request that let it run goes first: gdb may tell both in one breath.
      setImmediate(() => isCurrent() && this.#events.stopped(this.#asEntry(stop)));
    });
    debuggee.on('resumed', () => {
      boot.awareness?.setRunning(true);
      if (isCurrent()) {
        this.#events.resumed();
      }
    });
    debuggee.on('ended', ({ exitCode, message }) => {
      if (isCurrent()) {
        void this.#guestEnded(exitCode, message);
      }
    });
    debuggee.gdb.on('message', (text) => {
      const [, number, message] = /^log (\d+) (.*)$/s.exec(text) ?? [];
      if (isCurrent() && number !== undefined) {
        this.#events.logged(number, message ?? '');
      }
    });
  }

  #asEntry(stop: Stop): Stop {
    const isEntry = stop.breakpoint !== undefined && stop.breakpoint === this.#entryBreakpoint;
    return isEntry ? { reason: 'entry', thread: stop.thread } : stop;
  }

  async #guestEnded(exitCode: number, message: string | undefined): Promise<void> {
    if (this.#ending) {
      return;
    }
    // What the guest said last is named while there is somebody who knows the names.
    await Promise.race([this.#output?.end(), patience(LAST_WORDS_TIME_LIMIT)]);
    if (message !== undefined) {
      this.#events.output('important', `${message}\n`);
    }
    await this.end();
    this.#tellEnd(exitCode);
  }

  #tellEnd(exitCode: number): void {
    if (!this.#isEndTold) {
      this.#isEndTold = true;
      this.#events.ended(exitCode);
    }
  }

  /** Lets the guest run, or tells where it stands. */
  async #go(): Promise<void> {
    const { debuggee, resume, kernel } = this.current();
    if (this.#options?.request === 'launch' && this.#options.stopAtEntry) {
      this.#entryBreakpoint = await insertOnce(debuggee.gdb, kernel.entry ?? kernel.elfEntry);
    }
    if (resume) {
      await debuggee.resume('-exec-continue');
    } else {
      const thread = debuggee.stub.stopFacts?.thread ?? CPU_THREAD_BASE;
      setImmediate(() => this.#events.stopped({ reason: 'pause', thread, description: ATTACHED }));
    }
  }

  async #restart(given: DebugProtocol.RestartArguments['arguments']): Promise<void> {
    const before = this.#options;
    if (before?.request !== 'launch') {
      throw new Error('Only a guest that was launched can be restarted.');
    }
    if (this.#restarting) {
      throw new Error('The guest is being restarted already.');
    }
    this.#restarting = true;
    try {
      const old = this.current();
      const options = given === undefined ? before : checkLaunch({ ...given });
      const choice = chooseKernel(options);
      // The old guest stays until the new one is built.
      await this.#track(this.#build(options, choice));
      await this.#replace(old, options, choice);
    } finally {
      this.#restarting = false;
    }
    await this.#go();
  }

  async #replace(old: Boot, options: CheckedLaunch, choice: KernelChoice): Promise<void> {
    this.#options = options;
    this.#boot = undefined;
    this.#entryBreakpoint = undefined;
    try {
      await this.#track(old.dispose().then(() => this.#start(options, choice)));
    } catch (error) {
      if (!this.#ending) {
        this.#events.output('important', `${sentence(error)}\n`);
        await this.end();
        this.#tellEnd(1);
      }
      throw error;
    }
    await this.#events.rebooted(this.current());
  }

  async #terminate(): Promise<void> {
    await this.end(true);
    this.#tellEnd(0);
  }

  async #end(terminate: boolean): Promise<void> {
    this.#abort.abort();
    await this.#starting;
    const boot = this.#boot;
    this.#boot = undefined;
    if (terminate && boot?.debuggee.machine instanceof AttachedQemu) {
      await boot.debuggee.machine.quit();
    }
    await boot?.dispose();
    await this.#output?.end();
    this.#log?.close();
  }
}

async function insertOnce(gdb: Gdb, address: number): Promise<string | undefined> {
  const answer = await gdb.execute(`-break-insert -t *${address}`);
  return textOf(recordOf(answer, 'bkpt') ?? {}, 'number');
}
