/** Attaching to what runs already, and letting it go. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { BUSY, BUSY_FUNCTION, Session, SPROUT_ELF, THREADS_ELF } from './client.ts';

let guest: Guest | undefined;
afterEach(() => guest?.end());

/** A QEMU that somebody else started. */
class Guest {
  readonly folder = mkdtempSync(join(inject('folder'), 'attach-'));
  readonly qmp = join(this.folder, 'qmp');
  readonly gdbServer = join(this.folder, 'gdb');
  readonly #process: ChildProcess;
  #printed = '';

  static async boot(elf: string, commandLine: string, options: string[] = []): Promise<Guest> {
    const booted = new Guest(elf, commandLine, options);
    guest = booted;
    // Its monitors are open before the guest runs.
    await booted.printed('(qemu)');
    return booted;
  }

  private constructor(elf: string, commandLine: string, options: string[]) {
    const machine = ['-accel', 'tcg,thread=multi', '-smp', '2', '-m', '128M', '-machine', 'q35', '-cpu', 'max'];
    const quiet = [
      '-display',
      'none',
      '-nodefaults',
      '-serial',
      `file:${join(this.folder, 'console')}`,
      '-monitor',
      'stdio',
    ];
    const servers = ['-qmp', `unix:${this.qmp},server=on,wait=off`, '-kernel', elf, '-append', commandLine];
    this.#process = spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...machine, ...quiet, ...servers, ...options],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#printed += text;
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  get isAlive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** A command of QEMU's monitor: what it prints up to the next prompt. */
  async monitor(command: string): Promise<string> {
    this.#printed = '';
    this.#process.stdin?.write(`${command}\n`);
    return this.printed('\n(qemu) ');
  }

  async isRunning(): Promise<boolean> {
    return (await this.monitor('info status')).includes('VM status: running');
  }

  async printed(text: string): Promise<string> {
    while (!this.#printed.includes(text)) {
      await once(this.#process.stdout as NodeJS.ReadableStream, 'data');
    }
    return this.#printed;
  }

  async end(): Promise<void> {
    guest = undefined;
    if (this.isAlive) {
      this.#process.kill('SIGKILL');
      await once(this.#process, 'exit');
    }
  }
}

describe('by QMP', () => {
  test.each([
    ['a memfd', ['-object', 'memory-backend-memfd,id=ram,size=128M,share=on', '-machine', 'memory-backend=ram']],
    ['private memory', []],
  ])('a running guest with %s: threads, views, breakpoints, steps; it runs on afterwards', async (_, options) => {
    const other = await Guest.boot(SPROUT_ELF, BUSY, options);
    const session = Session.start();
    await session.attach({ qmp: other.qmp });
    await session.request('configurationDone');
    expect(await session.custom('unikernel/status', {})).toMatchObject({ running: true });
    expect((await session.custom('unikernel/view', { view: 'threads' })).rows.length).toBeGreaterThan(8);
    await session.breakAt({ name: BUSY_FUNCTION });
    const stop = await session.stopped();
    expect(stop.reason).toBe('breakpoint');
    expect((await session.threads()).find(({ id }) => id === stop.threadId)?.name).toMatch(/^writer-/);
    expect(await session.run('next', stop.threadId)).toMatchObject({ reason: 'step', threadId: stop.threadId });
    await session.end();
    expect(await other.isRunning()).toBe(true);
    // As if nobody had been there: the next one attaches too.
    const again = Session.start();
    await again.attach({ qmp: other.qmp });
    await again.request('configurationDone');
    expect((await again.run('pause', 1)).reason).toBe('pause');
    expect(await again.refusal('restart')).toBe('Only a guest that was launched can be restarted.');
    await again.end(true);
    expect(other.isAlive).toBe(false);
  });

  test('a stopped guest stays stopped', async () => {
    const other = await Guest.boot(SPROUT_ELF, BUSY);
    await other.monitor('stop');
    const session = Session.start();
    await session.attach({ qmp: other.qmp });
    await session.request('configurationDone');
    const stop = await session.stopped();
    expect(stop.reason).toBe('pause');
    expect((await session.stack(stop.threadId)).length).toBeGreaterThan(0);
    await session.end();
    expect(await other.isRunning()).toBe(false);
  });
});

describe('by the address of a stub', () => {
  test('QEMU’s, by unix socket: views too, for its monitor tells where the RAM is', async () => {
    const other = await Guest.boot(SPROUT_ELF, BUSY, []);
    await other.monitor(`gdbserver unix:${other.gdbServer},server=on,wait=off`);
    const session = Session.start();
    await session.attach({ gdbServer: `unix:${other.gdbServer}` });
    await session.breakAt({ name: BUSY_FUNCTION });
    await session.request('configurationDone');
    const first = await session.stopped();
    expect((await session.custom('unikernel/view', { view: 'vnodeLocks' })).rows.length).toBeGreaterThan(8);
    const stop = await session.run('continue', first.threadId);
    expect(stop.reason).toBe('breakpoint');
    await session.request('continue', { threadId: stop.threadId });
    await session.stopped();
    await session.end();
    expect(await other.isRunning()).toBe(true);
  });

  test('a port, and an ELF that no awareness knows: every DAP feature', async () => {
    const port = await freePort();
    const other = await Guest.boot(THREADS_ELF, '', ['-gdb', `tcp:127.0.0.1:${port}`]);
    const session = Session.start();
    await session.attach({ gdbServer: `localhost:${port}`, kernel: THREADS_ELF });
    const [breakpoint] = await session.breakAt({ name: 'leaf', condition: 'value == 3' });
    await session.request('configurationDone');
    const first = await session.stopped();
    const stop = await session.run('continue', first.threadId);
    expect(stop.hitBreakpointIds).toEqual([breakpoint?.id]);
    const { id } = await session.top(stop.threadId);
    expect(await session.scope(id, 'Locals')).toMatchObject([{ name: 'value', value: '3' }]);
    expect(await session.run('stepOut', stop.threadId)).toMatchObject({ reason: 'step' });
    expect((await session.top(stop.threadId)).name).toBe('worker');
    expect(await session.refusal('unikernel/view', { view: 'threads' })).toMatch(/threads\.elf/);
    expect(await session.threads()).toHaveLength(2);
    await session.breakAt();
    await session.request('continue', { threadId: stop.threadId });
    expect((await session.run('pause', stop.threadId)).reason).toBe('pause');
    await session.end();
    expect(await other.isRunning()).toBe(true);
  });

  test('the guest’s end is told', async () => {
    const other = await Guest.boot(SPROUT_ELF, BUSY);
    const session = Session.start();
    await session.attach({ qmp: other.qmp });
    await session.request('configurationDone');
    process.kill(other.pid, 'SIGKILL');
    await session.event('terminated');
    expect(session.output('important')).toMatch(/^.*ended\.$/m);
    await session.end();
  });
});

test('a bad address gets one sentence and no session', async () => {
  const silent = createServer();
  silent.listen(join(mkdtempSync(join(inject('folder'), 'silent-')), 'socket'));
  await once(silent, 'listening');
  const closing = createServer((socket) => socket.end('hello\n'));
  closing.listen(0, '127.0.0.1');
  await once(closing, 'listening');
  const { port } = closing.address() as { port: number };
  for (const [configuration, sentence] of [
    [{}, /^An attach configuration needs "qmp"/],
    [{ qmp: '/nowhere/qmp' }, /^Nothing answers for QMP at \/nowhere\/qmp \(ENOENT\)\.$/],
    [{ qmp: 'localhost:1' }, /^Nothing answers for QMP at localhost:1 \(ECONNREFUSED\)\.$/],
    [{ gdbServer: 'localhost:1' }, /localhost:1/],
    [{ gdbServer: '/nowhere/gdb' }, /\/nowhere\/gdb/],
    [{ qmp: `localhost:${port}` }, /QMP/],
    [{ gdbServer: `localhost:${port}` }, /./],
    [{ qmp: 5 }, '"qmp" must be a text, not 5.'],
  ] as const) {
    const session = Session.start();
    await session.initialize();
    const told = await session.refusal('attach', { kernel: SPROUT_ELF, ...configuration });
    expect([configuration, told]).toEqual([configuration, expect.stringMatching(sentence)]);
    expect(told).not.toMatch(/\n/);
    await session.end();
  }
  silent.close();
  closing.close();
});

/** A port that nobody listens on now. */
async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
