import { evaluateExpression } from './agent-expression.ts';
import type { Breakpoint } from './breakpoints.ts';
import type { Target } from './target.ts';

/**
 * Whether `cpu`, which stands at these breakpoints of gdb, stops: one has no condition, or one that holds. What cannot be decided
 * here (memory that cannot be read, an operation for tracing) stops too: gdb evaluates every condition again and tells the error.
 */
export async function holds(target: Target, breakpoints: readonly Breakpoint[], cpu: number): Promise<boolean> {
  if (breakpoints.some((breakpoint) => breakpoint.conditions.length === 0)) {
    return true;
  }
  const registers = await target.cpus.registers(cpu);
  const context = {
    register: (number: number) => registers.value(number),
    memory: async (address: bigint, length: number) => {
      const value = await target.memory.number(cpu, address, length);
      if (value === undefined) {
        throw new Error('memory cannot be read');
      }
      return value;
    },
  };
  for (const breakpoint of breakpoints) {
    for (const condition of breakpoint.conditions) {
      try {
        if ((await evaluateExpression(condition, context)) !== 0n) {
          return true;
        }
      } catch {
        return true;
      }
    }
  }
  return false;
}
