import { expect, test } from 'vitest';
import { StepBreakpoints } from './step-breakpoints.ts';

const STEP = { step: 7, range: undefined, others: true, only: undefined };
const OVER_A_BREAKPOINT = { step: 7, range: undefined, others: false, only: undefined };
const RUN = { step: undefined, range: undefined, others: true, only: undefined };

test('what is set before the step is the user’s: everybody hits it', () => {
  const steps = new StepBreakpoints();
  steps.inserted(0x10n, undefined);
  steps.resumes(STEP);
  steps.inserted(0x10n, { rip: 0x500n, returnsTo: 0x10n });
  expect(steps.passes(0x10n, 7)).toBe(false);
  expect(steps.passes(0x10n, 8)).toBe(false);
});

test('what is set in the middle of a step is the step’s: others pass it', () => {
  const steps = new StepBreakpoints();
  steps.resumes(STEP);
  steps.inserted(0x20n, { rip: 0x500n, returnsTo: 0x20n });
  expect(steps.passes(0x20n, 7)).toBe(false);
  expect(steps.passes(0x20n, 8)).toBe(true);
  steps.commandEnded();
  expect(steps.passes(0x20n, 8)).toBe(false);
});

test('behind the step off a breakpoint come the user’s, and the one behind a call', () => {
  const steps = new StepBreakpoints();
  steps.resumes(OVER_A_BREAKPOINT);
  const place = { rip: 0x500n, returnsTo: 0x20n };
  steps.inserted(0x10n, place);
  steps.inserted(0x20n, place);
  expect(steps.passes(0x10n, 8)).toBe(false);
  expect(steps.passes(0x20n, 8)).toBe(true);
});

test('a guard where the thread stands is passed by all, but only behind a call', () => {
  const steps = new StepBreakpoints();
  steps.resumes(STEP);
  steps.inserted(0x30n, { rip: 0x30n, returnsTo: 0n });
  expect(steps.passes(0x30n, 7)).toBe(false);
  steps.inserted(0x20n, { rip: 0x500n, returnsTo: 0x20n });
  steps.resumes(RUN);
  steps.inserted(0x600n, { rip: 0x600n, returnsTo: 1n });
  expect(steps.passes(0x600n, 7)).toBe(true);
  expect(steps.passes(0x20n, 7)).toBe(false);
});
