import { defineConfig } from 'vitest/config';

/**
 * `unit`: pure code, no process. `kernel`: Sprout on the host and in QEMU. `adapter`: the adapter against real QEMU and gdb.
 * `workbench`: real VS Code. All but `unit` run one file at a time: they share two cores with the guest.
 */
const sequential = { fileParallelism: false, pool: 'forks' as const, testTimeout: 120_000, hookTimeout: 120_000 };
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['{extension,debug-adapter,kernel/image,webviews,syntaxes}/**/*.test.ts'] } },
      { test: { name: 'kernel', include: ['test/kernel/**/*.test.ts'], ...sequential } },
      {
        test: {
          name: 'adapter',
          include: ['test/adapter/**/*.test.ts'],
          globalSetup: 'test/adapter/setup.ts',
          ...sequential,
        },
      },
      {
        test: {
          name: 'workbench',
          include: ['test/workbench/**/*.test.ts'],
          globalSetup: 'test/workbench/setup.ts',
          ...sequential,
        },
      },
    ],
  },
});
