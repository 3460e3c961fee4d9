/** How guests, gdb and what is no gdbserver end: told in one sentence, never by a hang. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { findMemfd } from '../../debug-adapter/machine/ram.ts';
import { RuntimeFolder } from '../../debug-adapter/machine/runtime-folder.ts';
import { encodePacket, PacketReader } from '../../debug-adapter/rsp/codec.ts';
import { Stub } from '../../debug-adapter/stub/stub.ts';
import { THREADS_ELF } from './client.ts';
import { ForeignQemu } from './foreign-qemu.ts';
import { Bench, launchBench } from './stub-bench.ts';
import { FixtureThreads } from './stub-threads.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) {
    await cleanUp();
  }
});

async function launched(cpus = 1) {
  const bench = await launchBench(THREADS_ELF, { cpus });
  cleanUps.push(() => bench.dispose());
  return bench;
}

/** A guest that somebody else started, and a debugger of it. */
async function attached(options: string[] = []) {
  const memory = ['-object', 'memory-backend-memfd,id=ram,size=128M,share=on', '-machine', 'memory-backend=ram'];
  const server = ['-gdb', 'unix:FOLDER/gdb,server=on,wait=off'];
  const guest = await ForeignQemu.boot(THREADS_ELF, { cpus: 2, extra: [...memory, ...server, ...options] });
  cleanUps.push(() => guest.dispose());
  const machine = { gdbServer: guest.gdbServer, dispose: async () => undefined };
  const threads = new FixtureThreads(await findMemfd(guest.pid, (command) => guest.qmp.monitor(command)));
  cleanUps.push(() => threads.close());
  const bench = await Bench.connect(machine, THREADS_ELF, new RuntimeFolder(), { onKill: 'detach', threads });
  cleanUps.push(() => bench.dispose());
  return { guest, threads, bench };
}

describe('a guest that ends', () => {
  test('by a triple fault stands at the faulting instruction, and a resume is answered by the same stop', async () => {
    const bench = await launched();
    await bench.breakAt('leaf');
    await bench.run('-exec-continue');
    await bench.deleteBreakpoints();
    const ended = once(bench.machine.events, 'ended');
    // An invalid instruction, for which there is no handler, nor one for what follows from that.
    await bench.gdb.execute('-data-evaluate-expression "$rip = (unsigned long)thread_entry + 5"');
    expect(await bench.run('-exec-continue')).toMatchObject({ reason: 'signal-received', 'signal-name': 'SIGQUIT' });
    expect(await ended).toEqual(['reset']);
    expect(await bench.value('(unsigned long)$rip - (unsigned long)thread_entry')).toBe('5');
    expect(await bench.run('-exec-continue')).toMatchObject({ 'signal-name': 'SIGQUIT' });
    expect(await bench.run('-exec-step-instruction')).toMatchObject({ 'signal-name': 'SIGQUIT' });
    // QEMU does not take this for a reset: it was told to end instead.
    await bench.gdb.console('monitor system_reset');
    expect(await bench.run('-exec-continue')).toMatchObject({ 'signal-name': 'SIGQUIT' });
  });

  test('runs again once it was reset', async () => {
    const { guest, bench } = await attached(['-action', 'reboot=shutdown,shutdown=pause']);
    await bench.breakAt('leaf');
    await bench.run('-exec-continue');
    await bench.deleteBreakpoints();
    await bench.gdb.execute('-data-evaluate-expression "$rip = (unsigned long)thread_entry + 5"');
    expect(await bench.run('-exec-continue')).toMatchObject({ 'signal-name': 'SIGQUIT' });
    const reset = once(guest.qmp, 'event');
    await guest.qmp.execute('set-action', { reboot: 'reset' });
    await guest.qmp.execute('system_reset');
    expect(await reset).toMatchObject(['RESET', { guest: false }]);
    await bench.breakAt('leaf');
    expect(await bench.run('-exec-continue')).toMatchObject({ reason: 'breakpoint-hit' });
  });

  test.each(['runs', 'is stopped'])(
    'by the end of QEMU while it %s: gdb and the owner of the stub hear of it',
    async (how) => {
      const bench = await launched();
      const stop = bench.nextStop();
      if (how === 'runs') {
        await bench.gdb.execute('-exec-continue');
        await bench.untilItRuns();
      }
      await bench.machine.dispose();
      expect(await bench.stub.closed).toMatchObject({
        side: 'upstream',
        message: expect.stringMatching(/^The [^\n]*\.$/),
      });
      if (how === 'runs') {
        expect(await stop).toMatchObject({ reason: 'exited-signalled', 'signal-name': 'SIGKILL' });
      }
      // gdb 13 notices at its next command, and sometimes crashes at that; no command is left without an answer.
      await bench.gdb.console('info threads').catch((error: Error) => expect(error.message).toMatch(/^[^\n]+$/));
      await bench.stub.dispose();
      expect(existsSync(bench.stub.address)).toBe(false);
    },
  );

  test('gdb’s end is told, and commands that are pending reject', async () => {
    const bench = await launched();
    await bench.gdb.execute('-exec-continue');
    const pending = bench.gdb.execute('-thread-info');
    await bench.gdb.kill();
    await expect(pending).rejects.toThrow(/^gdb has ended\.$/);
    await expect(bench.gdb.console('info threads')).rejects.toThrow(/^gdb has ended\.$/);
    expect(await bench.stub.closed).toMatchObject({ side: 'gdb', message: expect.stringMatching(/connection/) });
  });
});

describe('a guest of somebody else', () => {
  /** It runs, over the place where the breakpoint was. */
  async function runsFreely(guest: ForeignQemu, threads: FixtureThreads): Promise<void> {
    const before = threads.number('g_evaluations');
    while (threads.number('g_evaluations') < before + 20n) {
      expect(await guest.isRunning()).toBe(true);
    }
  }

  test.each([
    ['gdb’s kill', (bench: Bench) => bench.gdb.console('kill')],
    ['gdb’s detach', (bench: Bench) => bench.gdb.execute('-target-detach')],
    ['letting go at a stop', (bench: Bench) => bench.stub.detach()],
    [
      'letting go while it runs',
      async (bench: Bench) => {
        await bench.deleteBreakpoints();
        // One that is hit all the time and never told.
        await bench.breakAt('leaf', '-c "value == 1000"');
        await bench.gdb.execute('-exec-continue');
        await bench.stub.detach();
      },
    ],
    [
      'the death of gdb, then letting go',
      async (bench: Bench) => {
        await bench.gdb.kill();
        await bench.stub.closed;
        await bench.stub.detach();
      },
    ],
  ])('runs on after %s, with no breakpoint left', async (_, end) => {
    const { guest, threads, bench } = await attached();
    await bench.breakAt('leaf');
    await bench.gdb.execute('-break-watch g_ticks');
    await bench.run('-exec-continue');
    expect(await guest.isRunning()).toBe(false);
    await end(bench);
    await runsFreely(guest, threads);
  });

  test('stays stopped when it is to', async () => {
    const { guest, threads, bench } = await attached();
    await bench.breakAt('leaf');
    await bench.run('-exec-continue');
    const registers = await guest.registers();
    await bench.stub.detach('stopped');
    expect(await guest.isRunning()).toBe(false);
    expect(await guest.registers()).toBe(registers);
    await guest.qmp.execute('cont');
    await runsFreely(guest, threads);
  });
});

describe('what is no gdbserver', () => {
  const folder = new RuntimeFolder();
  afterAll(() => folder.dispose());

  async function listenTo(serve: (socket: Socket) => void): Promise<string> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      serve(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUps.push(() => {
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
    });
    return `127.0.0.1:${(server.address() as { port: number }).port}`;
  }

  /** A gdbserver that says nothing more after `answers`. */
  const forgetful = (answers: string[]) => (socket: Socket) => {
    const reader = new PacketReader({
      packet: () => {
        const answer = answers.shift();
        if (answer !== undefined) {
          socket.write(encodePacket(answer));
        }
      },
      acknowledgement: () => undefined,
      interrupt: () => undefined,
      damaged: () => undefined,
    });
    socket.on('data', (chunk) => reader.feed(chunk));
  };

  test.each([
    ['is silent', () => undefined, /does not answer as a gdb server/],
    ['answers once, then is silent', forgetful(['OK']), /does not answer as a gdb server/],
    ['answers twice, then is silent', forgetful(['OK', 'PacketSize=1000', 'T05']), /does not answer as a gdb server/],
    [
      'greets as another protocol does',
      (socket: Socket) => socket.write('220 mail ESMTP\r\n'),
      /does not answer as a gdb/,
    ],
    ['closes', (socket: Socket) => socket.end(), /closed the connection/],
    ['resets', (socket: Socket) => socket.resetAndDestroy(), /broke|closed|ECONNRESET/],
    [
      'sends a packet that does not end',
      (socket: Socket) => socket.write(`$${'a'.repeat(2 << 20)}`),
      /another protocol/,
    ],
    ['sends a packet that is damaged', (socket: Socket) => socket.write('$OK#00'), /damaged packet/],
    ['lists CPUs without an end', forgetful(['OK', '', 'T05', '', '', ...Array(2000).fill('m1')]), undefined],
  ])('%s: one sentence, no hang, nothing left', async (what, serve, sentence) => {
    const address = await listenTo(serve);
    const socketPath = join(folder.path, `stub-${what.length}`);
    const listening = Stub.listen({ upstream: address, socketPath, timeLimit: 700 });
    if (sentence === undefined) {
      await (await listening).dispose();
    } else {
      const error = await listening.then(
        () => new Error('It was taken for a gdbserver.'),
        (reason: Error) => reason,
      );
      expect(error.message).toMatch(sentence);
      expect(error.message).toMatch(new RegExp(`^[^\\n]*${address}[^\\n]*\\.$`));
    }
    expect(existsSync(socketPath)).toBe(false);
  });

  test.each([
    ['/nowhere/gdb', /^No gdb server at \/nowhere\/gdb: .*ENOENT.*\.$/],
    ['127.0.0.1:1', /^No gdb server at 127\.0\.0\.1:1: .*ECONNREFUSED.*\.$/],
    ['127.0.0.1:99999', /^No gdb server at 127\.0\.0\.1:99999: a port is at most 65535\.$/],
    ['', /^No gdb server at /],
  ])('at %j nobody listens', async (upstream, sentence) => {
    await expect(Stub.listen({ upstream, socketPath: folder.file('stub') })).rejects.toThrow(sentence);
  });

  test('a second debugger is turned away, the first one stays', async () => {
    const bench = await launched();
    await expect(
      Stub.listen({ upstream: bench.machine.gdbServer, socketPath: folder.file('second'), timeLimit: 700 }),
    ).rejects.toThrow(/another debugger holds it/);
    await bench.breakAt('leaf');
    expect(await bench.run('-exec-continue')).toMatchObject({ reason: 'breakpoint-hit' });
  });
});
