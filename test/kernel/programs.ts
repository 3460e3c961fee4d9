/** The bootable tests: a program of kernel/tests/image, where it runs, and what it must print. */
export interface ImageTest {
  program: string;
  /** QEMU's `-machine`; default q35. */
  machines?: string[];
  /** One boot for each; default [1]. */
  cpus?: number[];
  memory?: string;
  console?: 'debugcon';
  exitDevice?: false;
  /** Default: all of them. */
  cpusBroughtUp?: number;
  /** Default: every case prints `ok …` and QEMU's exit code is 1 (status 0). */
  expect?: { console: RegExp; exitCode: number };
}

/** A panic's whole report: reason, thread, registers, backtrace. */
const panic = (reason: RegExp, where = 'thread \\d+ ".+"'): NonNullable<ImageTest['expect']> => ({
  console: new RegExp(
    `PANIC: ${reason.source}.*\\nCPU \\d+, ${where}\\n {2}rip ffffffff8[^]*\\nBacktrace:\\n {2}#0 0xffffffff8`,
  ),
  exitCode: 255,
});

export const imageTests: ImageTest[] = [
  {
    program: 'hello',
    machines: ['pc', 'q35', 'microvm'],
    cpus: [1, 8],
    expect: { console: /Hello, world!/, exitCode: 1 },
  },
  { program: '--cpus=3 hello', cpus: [8], cpusBroughtUp: 3, expect: { console: /Hello, world!/, exitCode: 1 } },
  { program: 'hello', memory: '8M', expect: { console: /Hello, world!/, exitCode: 1 } },
  { program: 'hello', memory: '5G', cpus: [2], expect: { console: /Hello, world!/, exitCode: 1 } },
  {
    program: 'hello debugcon',
    machines: ['pc', 'q35', 'microvm'],
    console: 'debugcon',
    expect: { console: /Hello, debugcon!/, exitCode: 1 },
  },
  {
    program: 'hello ACPI',
    machines: ['pc', 'q35', 'microvm'],
    exitDevice: false,
    expect: { console: /Hello, ACPI!/, exitCode: 0 },
  },
  { program: 'test-read-null', expect: panic(/page fault: cannot read 0x10/) },
  {
    program: '--panic=reboot test-read-null',
    machines: ['q35', 'microvm'],
    expect: { console: /PANIC: /, exitCode: 0 },
  },
  { program: 'test-write-constant', expect: panic(/page fault: cannot write 0xffffffff8/) },
  { program: 'test-execute-data', expect: panic(/page fault: cannot execute 0xffffffff8/) },
  { program: 'test-invalid-opcode', expect: panic(/invalid opcode/) },
  // A crash before the scheduler exists: no clock to be had.
  {
    program: 'hello',
    machines: ['microvm,pit=off'],
    expect: panic(/neither an HPET nor a PIT tells the time/, 'before the scheduler'),
  },
  { program: 'test-scheduler', cpus: [1, 2, 4, 8] },
  { program: 'test-thread-churn', cpus: [1, 2, 4, 8] },
  { program: 'test-locks', cpus: [1, 2, 4, 8] },
  {
    program: 'test-lock-mistake rank',
    expect: panic(/lock order: thread "main" takes lock "outer" of rank \d+ while it holds lock "inner" of rank \d+/),
  },
  { program: 'test-lock-mistake twice', expect: panic(/thread "main" takes lock "twice" that it holds already/) },
  {
    program: 'test-lock-mistake foreign',
    cpus: [1, 2],
    expect: panic(/thread "main" unlocks lock "foreign" that it does not hold/),
  },
  {
    program: 'test-lock-mistake too-many',
    expect: panic(/thread "main" takes lock "one too many" while it holds 16 locks, which is the most/),
  },
  {
    program: 'test-lock-mistake exit-with-lock',
    expect: panic(/thread "careless" ends while it holds 1 locks/),
  },
  {
    program: 'test-lock-mistake block-without-preemption',
    expect: panic(/thread "main" blocks while preemption is off/),
  },
  { program: 'test-timers', cpus: [1, 2, 4, 8] },
  { program: '--clock=hpet test-timers', cpus: [2] },
  { program: '--clock=hpet-wrap test-timers', cpus: [2] },
  { program: 'test-trace', cpus: [1, 4] },
  { program: '--profile=500 test-profile', cpus: [1, 4] },
  { program: 'test-profile', expect: { console: /ok profiling is off/, exitCode: 1 } },
  { program: 'test-memory', cpus: [1, 2, 4] },
  { program: 'test-memory', memory: '8M' },
  { program: 'test-memory accounting all-ram exchange', memory: '5G', cpus: [2] },
  {
    program: '--track-allocations=1000 test-memory tracking',
    expect: { console: /^(?![\s\S]*tracking is off)[\s\S]*ok tracking/, exitCode: 1 },
  },
  { program: 'test-vfs', cpus: [1, 4] },
  { program: 'test-vfs-crowd', cpus: [1, 4] },
  { program: 'test-command-line', cpus: [1, 4] },
  { program: 'test-workload', cpus: [1, 4] },
  {
    program: '--env NAME=Ada hello $NAME; echo "a  b" \'$NAME\' & hello',
    expect: {
      console: /Hello, Ada![\s\S]*(a {2}b \$NAME[\s\S]*Hello, world!|Hello, world![\s\S]*a {2}b \$NAME)/,
      exitCode: 1,
    },
  },
  { program: '--help', expect: { console: /--panic=exit[\s\S]*workload +threads that write/, exitCode: 1 } },
  { program: 'test-stack-overflow', cpus: [1, 2], expect: panic(/stack overflow in thread "deep"/) },
  { program: 'test-stack-overflow main', expect: panic(/stack overflow in thread "main"/) },
  {
    program: 'test-stack-overflow interrupt',
    cpus: [1, 2],
    expect: panic(/overflow of the interrupt stack of CPU [01]/),
  },
  { program: 'test-double-free', expect: panic(/double free of 0x[0-9a-f]+, an object of 112 bytes/) },
  { program: 'no-such-program', expect: { console: /there is no program no-such-program/, exitCode: 253 } },
  { program: "'unfinished", expect: { console: /column/, exitCode: 5 } },
  { program: 'workload --panic --seconds=5', cpus: [2], expect: panic(/the workload was told to panic/) },
  {
    program: 'workload --stack-overflow --seconds=5',
    cpus: [2],
    expect: panic(/stack overflow in thread "stack-overflow"/),
  },
  {
    program: 'workload --load=60 --threads=8 --seconds=2',
    cpus: [1, 2, 4],
    expect: { console: /[1-9]\d* pieces of work, 0 failures/, exitCode: 1 },
  },
];
