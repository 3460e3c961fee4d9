/** The bootable tests: a program of kernel/tests/image, where it runs, and what it must print. */
export interface ImageTest {
  program: string;
  machines?: ('pc' | 'q35' | 'microvm')[];
  /** One boot for each; default [1]. */
  cpus?: number[];
  memory?: string;
  /** Default: every case prints `ok …` and QEMU's exit code is 1 (status 0). */
  expect?: { console: RegExp; exitCode: number };
}

const panic = (reason: RegExp): NonNullable<ImageTest['expect']> => ({
  console: new RegExp(`PANIC: ${reason.source}[^]*CPU \\d+[^]*Backtrace:\\n {2}#0 0xffffffff8`),
  exitCode: 255,
});

export const imageTests: ImageTest[] = [
  {
    program: 'hello',
    machines: ['pc', 'q35', 'microvm'],
    cpus: [1, 8],
    expect: { console: /Hello, world!/, exitCode: 1 },
  },
  { program: 'hello', memory: '8M', expect: { console: /Hello, world!/, exitCode: 1 } },
  { program: 'hello', memory: '5G', cpus: [2], expect: { console: /Hello, world!/, exitCode: 1 } },
  { program: 'test-scheduler', cpus: [1, 2, 4, 8] },
  { program: 'test-thread-churn', cpus: [1, 4] },
  { program: 'test-locks', cpus: [1, 4] },
  { program: 'test-timers', cpus: [1, 4] },
  { program: 'test-memory', cpus: [1, 4] },
  { program: 'test-stack-overflow', cpus: [1, 2], expect: panic(/stack overflow in thread "deep"/) },
  { program: 'test-double-free', expect: panic(/.*/) },
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
