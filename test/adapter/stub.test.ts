/** Kernel threads as gdb's threads, in a guest that has nothing but threads, on four CPUs. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { recordsOf, textOf } from '../../debug-adapter/gdb/records.ts';
import type { LaunchedQemu } from '../../debug-adapter/machine/launched-qemu.ts';
import { CPU_THREAD_BASE } from '../../debug-adapter/protocol.ts';
import { THREADS_ELF } from './client.ts';
import { type Bench, launchBench } from './stub-bench.ts';
import { FixtureThreads } from './stub-threads.ts';

const CPUS = 4;
let bench: Bench<LaunchedQemu>;
let threads: FixtureThreads;

beforeAll(async () => {
  bench = await launchBench(THREADS_ELF, { cpus: CPUS });
  threads = new FixtureThreads(bench.machine.ram);
  await bench.stub.setKernelThreads(threads);
  await bench.breakAt('leaf');
  while (Array.from({ length: threads.count }, (_, index) => threads.laps(index + 1)).some((laps) => laps === 0n)) {
    await bench.run('-exec-continue');
  }
});
afterAll(async () => {
  threads.close();
  await bench.dispose();
});

/** Each test begins at a stop in `leaf`, with no breakpoint set. */
beforeEach(async () => {
  await bench.settle();
  await bench.deleteBreakpoints();
  await bench.breakAt('leaf');
  await bench.run('-exec-continue');
  await bench.deleteBreakpoints();
});

/** The threads on no CPU. */
function parked(): number[] {
  const onCpus = bench.stub.stopFacts?.cpuThreads ?? [];
  return Array.from({ length: threads.count }, (_, index) => index + 1).filter((id) => !onCpus.includes(id));
}

describe('threads', () => {
  test('those on CPUs are listed, by name, with their CPU', async () => {
    const facts = bench.stub.stopFacts;
    expect(facts).toMatchObject({ signal: 5, cpuThreads: expect.any(Array) });
    expect(facts?.cpuThreads).toHaveLength(CPUS);
    expect(facts?.cpuThreads[facts.cpu ?? -1]).toBe(facts?.thread);
    const listed = await bench.gdbThreads();
    for (const id of facts?.cpuThreads ?? []) {
      expect(listed.has(id)).toBe(true);
    }
    const told = recordsOf(await bench.gdb.execute('-thread-info'), 'threads');
    const stopped = told.find((thread) => textOf(thread, 'target-id') === `Thread ${facts?.thread}`);
    expect(stopped).toMatchObject({ name: `worker <${facts?.thread}> & "co"`, core: String(facts?.cpu) });
  });

  test('a parked one has its own registers and stack once it is materialised, for this stop only', async () => {
    const [thread = 0] = parked();
    const saved = await threads.parkedRegisters(thread);
    expect(BigInt(await bench.value('(unsigned long)$rip', thread))).toBe(saved?.rip);
    expect(BigInt(await bench.value('(unsigned long)$rsp', thread))).toBe(saved?.rsp);
    expect(BigInt(await bench.value('(unsigned long)$rbx', thread))).toBe(saved?.rbx);
    expect(await bench.value('$rax', thread)).toBe('<unavailable>');
    await bench.breakAt('leaf');
    await bench.run('-exec-continue');
    const listed = await bench.gdbThreads();
    expect([...listed.keys()].filter((id) => id < CPU_THREAD_BASE).length).toBeLessThanOrEqual(threads.count);
  });

  test('every thread’s stack ends where threads begin, and its locals are its own', async () => {
    for (let id = 1; id <= threads.count; id++) {
      const stack = await bench.stack(id);
      expect(stack.slice(-2)).toEqual(['thread_begin', 'thread_entry']);
      const frame = stack.indexOf('worker');
      expect(await bench.value('self', id, frame)).toBe(String(id - 1));
    }
  });

  test('a parked one’s registers cannot be written, nor the guest’s harmed by trying', async () => {
    const [thread = 0] = parked();
    const number = await bench.gdbThread(thread);
    const before = await threads.parkedRegisters(thread);
    await expect(bench.gdb.execute(`-data-evaluate-expression --thread ${number} "$rbx = 1"`)).rejects.toThrow(
      /not on a CPU: its registers cannot be written/,
    );
    expect(await threads.parkedRegisters(thread)).toEqual(before);
  });

  test('what cannot be listed is refused in one sentence', async () => {
    await expect(bench.stub.materialise(99)).rejects.toThrow(/^There is no thread 99/);
    await bench.gdb.execute('-exec-continue');
    await bench.untilItRuns();
    await expect(bench.stub.materialise(1)).rejects.toThrow(/^The guest runs/);
  });

  test('without kernel threads the CPUs are the threads, from one stop to the next and back', async () => {
    await bench.stub.setKernelThreads(undefined);
    const cpus = Array.from({ length: CPUS }, (_, cpu) => CPU_THREAD_BASE + cpu);
    expect(bench.stub.stopFacts?.cpuThreads).toEqual(cpus);
    await bench.gdb.execute('-exec-continue');
    await bench.pause();
    expect([...(await bench.gdbThreads()).keys()].sort()).toEqual(expect.arrayContaining(cpus));
    await bench.stub.setKernelThreads(threads);
  });
});

describe('stepping', () => {
  test('next, thirty times over calls that block, stays in its thread', async () => {
    const thread = bench.stoppedThread ?? 0;
    await bench.runThread('-exec-finish', thread);
    const before = threads.laps(thread);
    const lines = new Set<string>();
    for (let step = 0; step < 30; step++) {
      expect(await bench.runThread('-exec-next', thread)).toMatchObject({ reason: 'end-stepping-range' });
      expect(bench.stoppedThread).toBe(thread);
      const [frame] = recordsOf(await bench.gdb.execute('-stack-list-frames 0 0'), 'stack');
      expect(frame).toMatchObject({ func: 'worker' });
      lines.add(textOf(frame ?? {}, 'line') ?? '');
    }
    expect(lines.size).toBeGreaterThan(4);
    expect(threads.laps(thread)).toBeGreaterThan(before + 2n);
  });

  test('finish returns in the same thread, with its value', async () => {
    const thread = bench.stoppedThread ?? 0;
    const stop = await bench.runThread('-exec-finish', thread);
    expect(stop).toMatchObject({ reason: 'function-finished', 'return-value': String(thread * 3 - 2) });
    expect(bench.stoppedThread).toBe(thread);
  });

  test('stepi goes by one instruction while the other CPUs run on', async () => {
    const thread = bench.stoppedThread ?? 0;
    for (let step = 0; step < 100; step++) {
      const before = await bench.value('(unsigned long)$rip', thread);
      expect(await bench.runThread('-exec-step-instruction', thread)).toMatchObject({ reason: 'end-stepping-range' });
      expect(bench.stoppedThread).toBe(thread);
      expect(await bench.value('(unsigned long)$rip', thread)).not.toBe(before);
    }
  });

  test('with breakpoints that others hit: their stop is told as theirs, and the step of one goes on behind it', async () => {
    const thread = bench.stoppedThread ?? 0;
    await bench.runThread('-exec-finish', thread);
    await bench.breakAt('leaf');
    const stopped = new Set<number>();
    for (let step = 0; step < 20; step++) {
      const stop = await bench.runThread('-exec-next', thread);
      stopped.add(bench.stoppedThread ?? 0);
      if (bench.stoppedThread === thread) {
        expect(['end-stepping-range', 'breakpoint-hit']).toContain(textOf(stop, 'reason'));
      } else {
        expect(stop).toMatchObject({ reason: 'breakpoint-hit' });
        expect((await bench.stack(bench.stoppedThread ?? 0))[0]).toBe('leaf');
      }
    }
    expect(stopped.size).toBeGreaterThan(1);
  });

  test('next in a parked thread runs until it is back, and ends in it', async () => {
    const [thread = 0] = parked();
    await bench.runThread('-exec-next', thread);
    expect(bench.stoppedThread).toBe(thread);
    expect((await bench.stack(thread)).at(-1)).toBe('thread_entry');
  });
});

describe('breakpoints', () => {
  test('a condition is decided here, by an agent expression: gdb hears of no other hit', async () => {
    await bench.breakAt('leaf', '-c "value == 5 && g_evaluations % 3 == 1"');
    bench.packets.length = 0;
    for (let stop = 0; stop < 3; stop++) {
      expect(await bench.run('-exec-continue')).toMatchObject({ reason: 'breakpoint-hit' });
      expect(await bench.value('value')).toBe('5');
      expect(Number(await bench.value('g_evaluations')) % 3).toBe(1);
    }
    const address = threads.address('_Z4leafm').toString(16);
    expect(bench.packets.filter((line) => line.startsWith('gdb→') && line.includes(`Z0,${address}`))).toEqual(
      expect.arrayContaining([expect.stringMatching(/;X[0-9a-f]+,/)]),
    );
    const stops = (side: string) => bench.packets.filter((line) => line.startsWith(`${side} $T05`)).length;
    expect(stops('qemu→')).toBeGreaterThan(stops('→gdb'));
  });

  test('a condition whose memory cannot be read stops, and gdb says why', async () => {
    const said: string[] = [];
    bench.gdb.on('output', (text) => said.push(text));
    await bench.breakAt('leaf', '-c "*(long *)(0xffff800000000000 + value) == 1"');
    expect(await bench.run('-exec-continue')).toMatchObject({ reason: 'breakpoint-hit' });
    expect((await bench.stack(bench.stoppedThread ?? 0))[0]).toBe('leaf');
  });

  test('a hundred of them cost no packets of their own at each step', async () => {
    const thread = bench.stoppedThread ?? 0;
    await bench.runThread('-exec-finish', thread);
    const boot = threads.address('cpu_main');
    for (let i = 0; i < 100; i++) {
      await bench.breakAt(`*${boot + i}`);
    }
    await bench.runThread('-exec-next', thread);
    bench.packets.length = 0;
    await bench.runThread('-exec-step-instruction', thread);
    expect(bench.packets.filter((line) => /^→qemu \$[zZ]/.test(line)).length).toBeLessThan(10);
  });

  test.each([
    ['', 'watchpoint-trigger', /^\$?Z2/],
    ['-r', 'read-watchpoint-trigger', /^\$?Z3/],
    ['-a', 'access-watchpoint-trigger', /^\$?Z4/],
  ])('a watchpoint by hardware (%s) stops at the access', async (option, reason) => {
    await bench.gdb.execute(`-break-watch ${option} g_threads[2].laps`);
    const before = threads.laps(3);
    const stop = await bench.run('-exec-continue');
    expect(stop).toMatchObject({ reason });
    expect(bench.stoppedThread).toBe(3);
    expect((await bench.stack(3))[0]).toBe('worker');
    if (option === '') {
      expect(stop).toMatchObject({ value: { old: String(before), new: String(before + 1n) } });
    }
  });

  test('a watchpoint by software, which steps, sees the change too', async () => {
    await bench.gdb.execute('-gdb-set can-use-hw-watchpoints 0');
    try {
      await bench.gdb.execute('-break-watch g_evaluations');
      expect(await bench.run('-exec-continue')).toMatchObject({ reason: 'watchpoint-trigger' });
    } finally {
      await bench.gdb.execute('-gdb-set can-use-hw-watchpoints 1');
    }
  });
});

describe('a guest that runs', () => {
  test('is interrupted by gdb, and by the stub when gdb cannot be asked; it has run meanwhile', async () => {
    const before = threads.number('g_evaluations');
    await bench.gdb.execute('-exec-continue');
    const stop = bench.nextStop();
    await bench.gdb.execute('-exec-interrupt');
    expect(await stop).toMatchObject({ reason: 'signal-received', 'signal-name': 'SIGINT' });
    await bench.gdb.execute('-exec-continue');
    while (threads.number('g_evaluations') < before + 10n) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await bench.pause()).toMatchObject({ reason: 'signal-received', 'signal-name': 'SIGINT' });
  });

  test('a pause that overtakes the resume holds too', async () => {
    for (let turn = 0; turn < 20; turn++) {
      const stop = bench.nextStop();
      const resumed = bench.gdb.execute('-exec-continue');
      bench.stub.pause();
      await resumed;
      expect(await stop).toMatchObject({ reason: 'signal-received' });
    }
  });

  test('memory that gdb writes is the guest’s', async () => {
    await bench.gdb.execute('-data-evaluate-expression "g_evaluations = 0x123456789abcdef0"');
    expect(threads.number('g_evaluations')).toBe(0x1234_5678_9abc_def0n);
    await bench.gdb.execute('-data-write-memory-bytes &g_evaluations 0100000000000000');
    expect(threads.number('g_evaluations')).toBe(1n);
    expect(await bench.value('g_evaluations')).toBe('1');
  });
});
