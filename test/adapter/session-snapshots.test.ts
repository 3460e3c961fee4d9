/** Snapshots: a guest saved as a file is the same guest, with no QEMU; what cannot be saved or opened is told in one sentence. */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { readBuildId } from '../../debug-adapter/elf/build-id.ts';
import { ElfFile } from '../../debug-adapter/elf/elf-file.ts';
import { BUSY, BUSY_FUNCTION, type Launch, ROOT, Session, SPROUT_ELF, THREADS_ELF } from './client.ts';
import { ForeignQemu } from './foreign-qemu.ts';
import { pictureOf, viewsOf } from './snapshot-picture.ts';

const SMALL: Launch = { memory: '64M', cpus: 2 };
const MEGABYTE = 1 << 20;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(inject('folder'), 'snapshots-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A session on a snapshot, where it stands. */
async function opened(core: string, kernel = SPROUT_ELF): Promise<Session> {
  const session = Session.start();
  await session.attach({ core, kernel });
  await session.request('configurationDone');
  return session;
}

/** The sentence with which a snapshot is refused. */
async function refused(configuration: object): Promise<string> {
  const session = Session.start();
  await session.initialize();
  const sentence = await session.refusal('attach', { kernel: SPROUT_ELF, cwd: ROOT, ...configuration });
  expect(sentence).toMatch(/^[^\n]+\.$/);
  await session.end();
  return sentence;
}

/** A busy guest that stands at its 50th call of a function. */
async function atStop(options: Launch = {}): Promise<Session> {
  const session = Session.start();
  await session.launch({ ...SMALL, ...options });
  await session.breakAt({ name: BUSY_FUNCTION, hitCondition: '50' });
  await session.request('configurationDone');
  await session.stopped();
  return session;
}

describe('a snapshot of a stop', () => {
  const core = (): string => join(folder, 'stop.core');
  let live: Awaited<ReturnType<typeof pictureOf>>;
  beforeAll(async () => {
    const session = await atStop();
    live = await pictureOf(session);
    const { size } = await session.custom('unikernel/saveSnapshot', { file: core() });
    expect(size).toBe(statSync(core()).size);
    // All of RAM, and little beside it.
    expect(size / MEGABYTE).toBeGreaterThan(63);
    expect(size / MEGABYTE).toBeLessThan(70);
    await session.end();
  });

  test('has the same threads, stacks, locals, registers and views', async () => {
    const session = await opened(core());
    expect(await session.stopped()).toMatchObject({ reason: 'pause' });
    const picture = await pictureOf(session);
    expect(picture.threads).toEqual(live.threads);
    for (const { name } of live.threads) {
      expect(picture.stacks[name], name).toEqual(live.stacks[name]);
    }
    for (const [name, view] of Object.entries(live.views)) {
      expect(picture.views[name], name).toEqual(view);
    }
    expect(await session.custom('unikernel/status', {})).toMatchObject({ kernel: 'sprout', running: false, notes: [] });
    // There was something to compare.
    expect(live.threads.length).toBeGreaterThan(10);
    expect(Object.values(live.stacks).filter((stack) => stack.length > 2).length).toBeGreaterThan(8);
    await session.end();
  });

  test('cannot run or be changed, and says so', async () => {
    const session = await opened(core());
    const { threadId } = await session.stopped();
    for (const command of ['continue', 'next', 'stepIn', 'stepOut']) {
      expect(await session.refusal(command, { threadId }), command).toBe(
        'This is a snapshot of a guest: it cannot run.',
      );
    }
    expect(await session.refusal('restart')).toBe('Only a guest that was launched can be restarted.');
    expect(await session.refusal('unikernel/saveSnapshot', { file: join(folder, 'again.core') })).toBe(
      'This is a snapshot already: copy its file.',
    );
    const frame = await session.top(threadId);
    const changes: [string, object][] = [
      ['setExpression', { expression: '$rax', value: '1', frameId: frame.id }],
      ['setExpression', { expression: '*(int *)$rsp', value: '1', frameId: frame.id }],
      ['writeMemory', { memoryReference: frame.instructionPointerReference, data: 'kA==' }],
      ['unikernel/setLiveValue', { expression: 'sprout::g_cpu_count', value: '7' }],
    ];
    for (const [command, given] of changes) {
      expect(await session.refusal(command, given), command).toMatch(/snapshot/);
    }
    // Nothing that was tried has moved it.
    expect((await session.top(threadId)).instructionPointerReference).toBe(frame.instructionPointerReference);
    expect(session.count('continued')).toBe(0);
    await session.end();
  });

  test('is left as it was by whoever looks', async () => {
    const digest = (): string => createHash('sha256').update(readFileSync(core())).digest('hex');
    const before = digest();
    const session = await opened(core());
    await session.stopped();
    await session.breakAt({ name: BUSY_FUNCTION });
    await session.end();
    expect(digest()).toBe(before);
  });
});

test('a guest that runs is saved, and runs on without a word', async () => {
  const core = join(folder, 'running.core');
  const session = Session.start();
  await session.launchRunning(SMALL);
  await session.shown(/workload: \d+ workers/, 'stdout');
  const stops = session.count('stopped') + session.count('continued');
  await session.custom('unikernel/saveSnapshot', { file: core });
  const { guestTime } = await session.custom('unikernel/view', { view: 'threads' });
  // The guest's clock goes on: it runs.
  await expect
    .poll(async () => (await session.custom('unikernel/view', { view: 'threads' })).guestTime)
    .toBeGreaterThan(guestTime);
  expect(session.count('stopped') + session.count('continued')).toBe(stops);
  expect((await session.run('pause', 1)).reason).toBe('pause');
  await session.end();
  const snapshot = await opened(core);
  await snapshot.stopped();
  expect((await snapshot.threads()).filter(({ name }) => /^(writer|reader)-/.test(name)).length).toBeGreaterThan(2);
  await snapshot.end();
});

describe('a dump that somebody else made', () => {
  let guest: ForeignQemu;
  beforeAll(async () => {
    guest = await ForeignQemu.boot(SPROUT_ELF, {
      cpus: 2,
      memory: '64M',
      extra: ['-append', BUSY, '-serial', 'file:FOLDER/console'],
    });
    const console = join(guest.folder, 'console');
    await vi.waitFor(() => expect(readFileSync(console, 'latin1')).toMatch(/workload: \d+ workers/), 60_000);
    await guest.qmp.execute('stop');
  });
  afterAll(() => guest?.dispose());

  async function dump(name: string, more: object): Promise<string> {
    const file = join(folder, name);
    await guest.qmp.execute('dump-guest-memory', { paging: false, protocol: `file:${file}`, ...more });
    return file;
  }

  test('of physical and of virtual memory show the same guest', async () => {
    const pictures = [];
    for (const file of [await dump('physical', {}), await dump('virtual', { paging: true })]) {
      const session = await opened(file);
      await session.stopped();
      pictures.push(await pictureOf(session));
      await session.end();
    }
    expect(pictures[1]).toEqual(pictures[0]);
  });

  test('in another format is refused by its name', async () => {
    const file = await dump('compressed', { format: 'kdump-zlib' });
    expect(await refused({ core: file })).toBe(
      `${file} is a kdump-compressed dump (flattened): only dumps in ELF format can be opened, as dump-guest-memory and virsh dump --memory-only --format elf make them.`,
    );
  });

  test('by QMP: attached, it is saved, and stands or runs as it did', async () => {
    const session = Session.start();
    await session.attach({ qmp: guest.qmpAddress });
    await session.request('configurationDone');
    await session.stopped();
    const file = join(folder, 'attached.core');
    await session.custom('unikernel/saveSnapshot', { file });
    const live = await viewsOf(session);
    await session.end();
    expect(await guest.isRunning()).toBe(false);
    const snapshot = await opened(file);
    await snapshot.stopped();
    expect(await viewsOf(snapshot)).toEqual(live);
    await snapshot.end();
  });
});

describe('what is no snapshot of this kernel', () => {
  let core: string;
  beforeAll(async () => {
    core = join(folder, 'good.core');
    const session = await atStop();
    await session.custom('unikernel/saveSnapshot', { file: core });
    await session.end();
  });

  test.each([
    [0, /is no memory dump:/],
    [3, /is no memory dump:/],
    [40, /is not an ELF file|cut short/],
    [100, /cut short/],
    [1000, /cut short/],
    [MEGABYTE, /cut short/],
  ])('cut to %i bytes', async (size, sentence) => {
    const file = join(folder, `cut-${size}`);
    copyFileSync(core, file);
    truncateSync(file, size);
    expect(await refused({ core: file })).toMatch(sentence);
  });

  test('cut short, by a QEMU that writes no sections', async () => {
    const file = join(folder, 'cut-without-sections');
    const bytes = readFileSync(core).subarray(0, MEGABYTE);
    // e_shoff and e_shnum.
    bytes.fill(0, 40, 48).fill(0, 60, 62);
    writeFileSync(file, bytes);
    expect(await refused({ core: file })).toMatch(/^\S+ is cut short: it has 1\.0 MiB of 6\d\.\d MiB\.$/);
  });

  test('another build, another kernel, and no kernel at all', async () => {
    const told =
      /^\S+good\.core is a dump of another kernel or build than \S+ \(build id [0-9a-f]{12}…\): name in "kernel" the ELF that it was made with\.$/;
    expect(await refused({ core, kernel: otherBuild() })).toMatch(told);
    expect(await refused({ core, kernel: '/bin/true' })).toMatch(told);
    expect(await refused({ core, kernel: undefined, cwd: folder })).toBe(
      `No kernel that is known stands in ${folder}: name its ELF in "kernel".`,
    );
  });

  test('other files', async () => {
    const noise = join(folder, 'noise');
    writeFileSync(noise, Buffer.alloc(MEGABYTE, 0xa5));
    expect(await refused({ core: noise })).toMatch(/noise is no memory dump: only dumps in ELF format can be opened/);
    expect(await refused({ core: SPROUT_ELF })).toMatch(/is an ELF file but no memory dump of an x86-64 machine\.$/);
    expect(await refused({ core: join(folder, 'nowhere') })).toMatch(/cannot be read: ENOENT\.$/);
    expect(await refused({ core: folder })).toMatch(/cannot be read: EISDIR\.$/);
  });

  test('headers of noise: a sentence each, whatever they say', async () => {
    const good = readFileSync(core).subarray(0, 4096);
    const random = generator(7);
    const sentences = new Set<string>();
    for (let round = 0; round < 12; round++) {
      const file = join(folder, 'header-noise');
      const bytes = Buffer.from(good);
      for (let changed = 0; changed < 8; changed++) {
        bytes.writeUInt32LE(random(2 ** 32), 16 + 4 * random(300));
      }
      writeFileSync(file, bytes);
      sentences.add(await refused({ core: file }));
    }
    expect(sentences.size).toBeGreaterThan(1);
  });
});

/** Sprout with another build id. */
function otherBuild(): string {
  const elf = new ElfFile(SPROUT_ELF);
  const { note = Buffer.alloc(0) } = readBuildId(elf) ?? {};
  elf.close();
  const bytes = readFileSync(SPROUT_ELF);
  const at = bytes.indexOf(note) + note.length - 1;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  const file = join(folder, 'other.elf');
  writeFileSync(file, bytes);
  return file;
}

/** The same numbers in each run: `random(n)` is from 0 to n - 1. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

describe('saving', () => {
  test('is refused with a sentence, and leaves nothing', async () => {
    const session = await atStop();
    const there = join(folder, 'there.core');
    writeFileSync(there, 'mine');
    const cases: [unknown, string | RegExp][] = [
      [there, `${there} exists already.`],
      [join(folder, 'nowhere/a.core'), `There is no folder ${join(folder, 'nowhere')}.`],
      ['a.core', '"file" must be an absolute path.'],
      [undefined, '"file" must be an absolute path.'],
      ['/proc/a.core', /^\/proc has only 0 B of free space, and the snapshot takes 64\.0 MiB\.$/],
      [join(folder, 'n'.repeat(300)), /^QEMU: .*File name too long/],
    ];
    for (const [file, sentence] of cases) {
      expect(await session.refusal('unikernel/saveSnapshot', { file })).toMatch(sentence);
    }
    expect(readFileSync(there, 'utf8')).toBe('mine');
    expect(readdirSync(folder).filter((name) => name.startsWith('nn'))).toEqual([]);
    await session.end();
  });

  test('that is ended half-way leaves all of the file or nothing', async () => {
    const file = join(folder, 'ended.core');
    const session = await atStop({ memory: '512M' });
    const saved = session.custom('unikernel/saveSnapshot', { file }).then(
      ({ size }) => size,
      () => undefined,
    );
    await session.end();
    expect(await saved).toBe(existsSync(file) ? statSync(file).size : undefined);
  });

  test('by an adapter that is killed meanwhile leaves nothing', async () => {
    const file = join(folder, 'killed.core');
    const session = await atStop({ memory: '1G' });
    const saved = session.custom('unikernel/saveSnapshot', { file }).catch(() => undefined);
    // Nothing tells when QEMU has begun.
    await vi.waitFor(() => expect(existsSync(file)).toBe(true), { timeout: 30_000, interval: 1 });
    session.adapter.kill('SIGKILL');
    await session.traces.untilNothingIsLeft();
    expect(await saved).toBeUndefined();
    expect(existsSync(file)).toBe(false);
  });

  test('needs a QEMU that can be asked', async () => {
    const guest = await ForeignQemu.boot(THREADS_ELF, { extra: ['-gdb', 'unix:FOLDER/gdb,server=on,wait=off'] });
    const session = Session.start();
    await session.attach({ gdbServer: guest.gdbServer, kernel: THREADS_ELF });
    await session.request('configurationDone');
    await session.stopped();
    const file = join(folder, 'stub.core');
    expect(await session.refusal('unikernel/saveSnapshot', { file })).toBe(
      'Only a QEMU that can be asked by QMP can be saved: attach with "qmp".',
    );
    expect(existsSync(file)).toBe(false);
    await session.end();
    await guest.dispose();
  });
});

describe('a panic', () => {
  test('saves a snapshot by itself, before it is told', async () => {
    const home = join(folder, 'panics');
    const session = Session.start();
    await session.launch({ ...SMALL, commandLine: 'workload panic=0', snapshotOnPanic: home });
    await session.request('setExceptionBreakpoints', { filters: ['panic'] });
    await session.request('configurationDone');
    const stop = await session.stopped();
    expect(stop).toMatchObject({ reason: 'exception', description: 'Panic' });
    const [name = ''] = readdirSync(home);
    expect(name).toMatch(/^sprout-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.core$/);
    const core = join(home, name);
    const [, told] = await session.shown(/^Saved a snapshot of the guest \(6\d\.\d MiB\): (.+)$/m, 'console');
    expect(told).toBe(core);
    const live = await pictureOf(session);
    await session.end();
    const snapshot = await opened(core);
    expect(await snapshot.stopped()).toEqual(stop);
    expect(await pictureOf(snapshot)).toEqual(live);
    await snapshot.end();
  });

  test('saves none where none is wanted, and says why one could not be saved', async () => {
    for (const [snapshotOnPanic, told] of [
      [false, undefined],
      [join(SPROUT_ELF, 'below a file'), /^No snapshot was saved: .*ENOTDIR/m],
    ] as const) {
      const session = Session.start();
      await session.launch({ ...SMALL, commandLine: 'workload panic=0', snapshotOnPanic });
      await session.request('setExceptionBreakpoints', { filters: ['panic'] });
      await session.request('configurationDone');
      expect(await session.stopped()).toMatchObject({ description: 'Panic' });
      expect(session.output('console')).toMatch(told ?? /^((?!snapshot).)*$/s);
      await session.end();
    }
  });

  test('a bad option is told', async () => {
    const session = Session.start();
    await session.initialize();
    expect(await session.refusal('launch', { kernel: SPROUT_ELF, build: [], snapshotOnPanic: 7 })).toBe(
      '"snapshotOnPanic" must be true, false or the path of a folder, not 7.',
    );
    await session.end();
  });
});
