/** What the guest says and how it ends. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { Session } from './client.ts';

/** QEMU's device by which a guest tells an exit status: QEMU ends with 2 × status + 1. */
const EXIT_DEVICE = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=4'];

test('the guest’s console comes as it is; a power-off ends the session with its exit code', async () => {
  const session = Session.start();
  await session.launchRunning({ commandLine: 'hello debugger' });
  await session.shown(/^Hello, debugger!$/m, 'stdout');
  expect(await session.event('exited')).toEqual({ exitCode: 0 });
  await session.event('terminated');
  expect(session.count('stopped')).toBe(0);
  expect(await session.refusal('threads')).toBe('The session has ended.');
  await session.end();
});

test('a panic’s backtrace is named on the console, each caller by its call', async () => {
  const session = Session.start();
  await session.launchRunning({ commandLine: '--panic=exit workload panic=0', extraQemuArguments: EXIT_DEVICE });
  expect(await session.event('exited')).toEqual({ exitCode: 255 });
  const console = session.output('stdout');
  expect(console).toMatch(/^PANIC: the workload was told to panic after 0 seconds$/m);
  const frames = [...console.matchAll(/^ *(?:#?\d+:? )? *(0x[0-9a-f]{16}) {2}(.+) \((.+):(\d+)\)$/gm)];
  expect(frames.length).toBeGreaterThanOrEqual(2);
  // The panic is the last statement of its function: the return address itself lies behind the function's end.
  expect(frames[0]?.[2]).toMatch(/panic_later/);
  expect(frames[0]?.[3]).toMatch(/faults\.cc$/);
  expect(frames.map(([, , name]) => name).join(' ')).toMatch(/thread_begin/);
  await session.end();
});

test('a triple fault stops with a sentence; nothing resumes it; a restart boots anew', async () => {
  const session = Session.start();
  const stop = await session.launchTo('sprout::workload::Worker::run', { stopAtEntry: false });
  // No interrupt table, then an instruction that faults.
  const { instructionPointerReference } = await session.top(stop.threadId);
  await session.breakAt();
  for (const command of ['set $idt_at = $rsp - 0x200', 'set {short}($idt_at) = 0', 'set {long}($idt_at + 2) = 0']) {
    await session.evaluate(`-exec ${command}`, { context: 'repl' });
  }
  // lidt (%rax); ud2
  await session.request('writeMemory', {
    memoryReference: instructionPointerReference,
    data: Buffer.from([0x0f, 0x01, 0x18, 0x0f, 0x0b]).toString('base64'),
  });
  await session.evaluate('-exec set $rax = $idt_at', { context: 'repl' });
  const fault = await session.run('continue', stop.threadId);
  const text =
    'The guest has reset itself or triple-faulted: it cannot go on. Inspect it, or restart to boot it again.';
  expect(fault).toMatchObject({ reason: 'exception', description: 'Reset or triple fault', text });
  expect((await session.stack(fault.threadId)).length).toBeGreaterThan(0);
  expect((await session.custom('unikernel/view', { view: 'threads' })).rows.length).toBeGreaterThan(2);
  for (const command of ['continue', 'next', 'stepIn', 'stepOut']) {
    expect(await session.refusal(command, { threadId: fault.threadId })).toBe(text);
  }
  await session.breakAt({ name: 'sprout::workload::Worker::run' });
  await session.request('restart');
  expect(await session.stopped()).toMatchObject({ reason: 'breakpoint' });
  await session.end();
});

test('a tiny kernel that faults at once says so too', async () => {
  const session = Session.start();
  const elf = join(inject('folder'), 'fault.elf');
  writeFileSync(elf, faultingKernel());
  await session.launchRunning({ kernel: elf, commandLine: '' });
  expect(await session.stopped()).toMatchObject({ reason: 'exception', description: 'Reset or triple fault' });
  expect(session.output('important')).toMatch(/has no debug information/);
  await session.end();
});

/** A 32-bit PVH kernel of one instruction, `ud2`: without an interrupt table it resets the machine. */
function faultingKernel(): Buffer {
  const [headerSize, programSize, base] = [64, 56, 0x100000];
  const codeAt = headerSize + 2 * programSize;
  const noteAt = codeAt + 16;
  const bytes = Buffer.alloc(noteAt + 20);
  bytes.write('\x7fELF\x02\x01\x01', 'latin1');
  bytes.writeUInt16LE(2, 16);
  bytes.writeUInt16LE(62, 18);
  bytes.writeUInt32LE(1, 20);
  bytes.writeBigUInt64LE(BigInt(base + codeAt), 24);
  bytes.writeBigUInt64LE(BigInt(headerSize), 32);
  bytes.writeUInt16LE(headerSize, 52);
  bytes.writeUInt16LE(programSize, 54);
  bytes.writeUInt16LE(2, 56);
  const programs = [
    { type: 1, at: 0, size: bytes.length },
    { type: 4, at: noteAt, size: 20 },
  ];
  for (const [index, { type, at, size }] of programs.entries()) {
    const header = bytes.subarray(headerSize + index * programSize);
    header.writeUInt32LE(type, 0);
    header.writeUInt32LE(7, 4);
    header.writeBigUInt64LE(BigInt(at), 8);
    header.writeBigUInt64LE(BigInt(base + at), 16);
    header.writeBigUInt64LE(BigInt(base + at), 24);
    header.writeBigUInt64LE(BigInt(size), 32);
    header.writeBigUInt64LE(BigInt(size), 40);
    header.writeBigUInt64LE(4n, 48);
  }
  bytes.writeUInt16LE(0x0b0f, codeAt);
  // XEN_ELFNOTE_PHYS32_ENTRY
  bytes.writeUInt32LE(4, noteAt);
  bytes.writeUInt32LE(4, noteAt + 4);
  bytes.writeUInt32LE(18, noteAt + 8);
  bytes.write('Xen\0', noteAt + 12, 'latin1');
  bytes.writeUInt32LE(base + codeAt, noteAt + 16);
  return bytes;
}
