/** Scopes, variables and expressions. */
import { Handles } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { jsonOf, type MiRecord, numberOf, quote, recordOf, textOf, textsOf } from '../gdb/records.ts';
import type { Frame, Frames } from './frames.ts';
import { identified } from './identified.ts';
import { type KernelNode, kernelScope } from './kernel-scope.ts';
import type { CurrentBoot } from './lifecycle.ts';
import type { LiveValues } from './live-values.ts';
import type { Handlers } from './requests.ts';

type Family = 'scopes' | 'variables' | 'setVariable' | 'evaluate' | 'setExpression' | 'completions';

/** What a variables reference stands for. `expressions` is what can be assigned to, by name, once the variables were listed. */
type Container =
  | { kind: 'locals' | 'registers'; frame: Frame; expressions: Map<string, string> }
  | { kind: 'value'; handle: string; frame: Frame | undefined; expressions: Map<string, string> }
  | { kind: 'kernel'; node: KernelNode };

/** What one answer may hold; clients ask for arrays in pages. */
const LARGEST_PAGE = 1000;
/** What the debug console takes as a command of gdb's. */
const COMMAND = /^\s*-exec\s+([\s\S]+)$/;
const MOST_COMPLETIONS = 200;

/** gdb's names; one that this CPU lacks is left out. */
const REGISTERS = [
  ...['rax', 'rbx', 'rcx', 'rdx', 'rsi', 'rdi', 'rbp', 'rsp', 'r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15'],
  ...['rip', 'eflags', 'cs', 'ss', 'ds', 'es', 'fs', 'gs', 'fs_base', 'gs_base', 'k_gs_base'],
  ...['cr0', 'cr2', 'cr3', 'cr4', 'cr8', 'efer', 'mxcsr'],
];

export class Variables {
  readonly #current: CurrentBoot;
  readonly #frames: Frames;
  readonly #live: LiveValues;
  readonly #containers = new Handles<Container>();

  /** @param live evaluates while the guest runs */
  constructor(current: CurrentBoot, frames: Frames, live: LiveValues) {
    this.#current = current;
    this.#frames = frames;
    this.#live = live;
  }

  /** The guest goes on: no reference is valid any more. */
  forget(): void {
    this.#containers.reset();
  }

  get handlers(): Handlers<Family> {
    return {
      scopes: async ({ frameId }) => ({ scopes: this.#scopes(this.#frames.frame(frameId)) }),
      variables: async (given) => ({ variables: await this.#list(given) }),
      setVariable: (given) => this.#setVariable(given),
      evaluate: async (given) => {
        const answer = await this.#evaluate(given);
        return given.context === 'hover' ? identified(answer, given.expression, this.#current().awareness) : answer;
      },
      setExpression: async ({ expression, value, frameId, format }) =>
        resultOf(await this.#assign(expression, value, this.#frameOf(frameId), format)),
      completions: async (given) => ({ targets: await this.#complete(given) }),
    };
  }

  #scopes(frame: Frame): DebugProtocol.Scope[] {
    const scope = (name: string, container: Container, rest: Partial<DebugProtocol.Scope>): DebugProtocol.Scope => ({
      name,
      variablesReference: this.#containers.create(container),
      expensive: false,
      ...rest,
    });
    const scopes = [
      scope('Locals', { kind: 'locals', frame, expressions: new Map() }, { presentationHint: 'locals' }),
      scope(
        'Registers',
        { kind: 'registers', frame, expressions: new Map() },
        { presentationHint: 'registers', expensive: true },
      ),
    ];
    const { awareness } = this.#current();
    if (awareness?.kernel !== undefined) {
      scopes.push(scope('Kernel', { kind: 'kernel', node: kernelScope(awareness.observation) }, { expensive: true }));
    }
    return scopes;
  }

  async #list(given: DebugProtocol.VariablesArguments): Promise<DebugProtocol.Variable[]> {
    const container = this.#containers.get(given.variablesReference);
    if (!container) {
      throw new Error('These variables are of an earlier stop.');
    }
    return container.kind === 'kernel' ? this.#listKernel(container.node, given) : this.#listValues(container, given);
  }

  async #listKernel(node: KernelNode, given: DebugProtocol.VariablesArguments): Promise<DebugProtocol.Variable[]> {
    const nodes = (await node.children?.()) ?? [];
    const { start, count } = pageOf(given);
    return nodes.slice(start, given.count ? start + count : undefined).map((child) => ({
      name: child.name,
      value: child.value,
      variablesReference: child.children ? this.#containers.create({ kind: 'kernel', node: child }) : 0,
      presentationHint: { attributes: ['readOnly'] },
      ...(child.count !== undefined && { indexedVariables: child.count }),
      ...(child.memoryReference !== undefined && { memoryReference: child.memoryReference }),
    }));
  }

  async #listValues(
    container: Exclude<Container, { kind: 'kernel' }>,
    given: DebugProtocol.VariablesArguments,
  ): Promise<DebugProtocol.Variable[]> {
    const { debuggee } = this.#current();
    debuggee.requireStopped();
    const answer = await debuggee.gdb.execute(await this.#command(container, given));
    const rows = jsonOf<MiRecord[]>(answer, 'variables') ?? [];
    container.expressions = new Map(rows.map((row) => [nameOf(row), textOf(row, 'expression') ?? '']));
    return rows.map((row) => ({ name: nameOf(row), ...this.#describe(row, container.frame) }));
  }

  async #command(
    container: Exclude<Container, { kind: 'kernel' }>,
    given: DebugProtocol.VariablesArguments,
  ): Promise<string> {
    const hexadecimal = flag(given.format?.hex);
    if (container.kind === 'value') {
      const { start, count } = pageOf(given);
      return `-unikernel-children ${container.handle} ${start} ${count} ${hexadecimal}`;
    }
    const context = await this.#frames.context(container.frame);
    return container.kind === 'locals'
      ? `-unikernel-locals ${context} ${hexadecimal}`
      : `-unikernel-registers ${context} ${hexadecimal} ${REGISTERS.join(' ')}`;
  }

  /** A row of session.py as DAP shows it. */
  #describe(row: MiRecord, frame: Frame | undefined): Omit<DebugProtocol.Variable, 'name'> {
    const handle = textOf(row, 'handle');
    const address = textOf(row, 'address');
    const indexed = numberOf(row, 'indexed') ?? 0;
    const reference =
      handle === undefined ? 0 : this.#containers.create({ kind: 'value', handle, frame, expressions: new Map() });
    return {
      value: textOf(row, 'value') ?? '',
      type: textOf(row, 'type') ?? '',
      variablesReference: reference,
      evaluateName: textOf(row, 'expression') ?? '',
      ...(indexed > 0 && { indexedVariables: indexed }),
      ...(address !== undefined && { memoryReference: address }),
    };
  }

  async #setVariable(given: DebugProtocol.SetVariableArguments): Promise<DebugProtocol.SetVariableResponse['body']> {
    const container = this.#containers.get(given.variablesReference);
    if (!container || container.kind === 'kernel') {
      throw new Error(container ? 'The Kernel scope is for reading.' : 'This variable is of an earlier stop.');
    }
    const expression = container.expressions.get(given.name);
    if (!expression) {
      throw new Error(`${given.name} cannot be assigned to.`);
    }
    return this.#assign(expression, given.value, container.frame, given.format);
  }

  async #assign(
    expression: string,
    value: string,
    frame: Frame | undefined,
    format: DebugProtocol.ValueFormat | undefined,
  ): Promise<Omit<DebugProtocol.Variable, 'name'>> {
    const { debuggee } = this.#current();
    debuggee.requireStopped();
    const context = frame ? await this.#frames.context(frame) : '';
    const answer = await debuggee.gdb.execute(
      `-unikernel-assign ${context} ${quote(expression)} ${quote(value)} ${flag(format?.hex)}`,
    );
    return this.#describe(recordOf(answer, 'variable') ?? {}, frame);
  }

  async #evaluate(given: DebugProtocol.EvaluateArguments): Promise<DebugProtocol.EvaluateResponse['body']> {
    const { debuggee, scripts } = this.#current();
    const isConsole = given.context === 'repl';
    const command = isConsole ? COMMAND.exec(given.expression)?.[1] : undefined;
    if (debuggee.isRunning && command === undefined) {
      // No frames then, but globals and what they point to.
      const { value, type, memoryReference } = await this.#live.evaluate(given.expression, given.format?.hex);
      return { result: value, type, variablesReference: 0, ...(memoryReference !== undefined && { memoryReference }) };
    }
    debuggee.requireStopped();
    const frame = this.#frameOf(given.frameId);
    const context = frame ? await this.#frames.context(frame) : '';
    if (command !== undefined) {
      const text = await scripts.console(debuggee.gdb, command.trim(), context);
      return { result: text.trimEnd(), variablesReference: 0 };
    }
    // A hover or a watch must not run the guest's code; who types a call means it.
    const evaluation = `${context} ${flag(isConsole)} ${flag(given.format?.hex)} ${quote(given.expression)}`;
    const answer = await debuggee.withoutHang(() => debuggee.gdb.execute(`-unikernel-evaluate ${evaluation}`));
    return resultOf(this.#describe(recordOf(answer, 'variable') ?? {}, frame));
  }

  /** By gdb: of its commands behind `-exec`, of names in expressions else. */
  async #complete(given: DebugProtocol.CompletionsArguments): Promise<DebugProtocol.CompletionItem[]> {
    const { debuggee } = this.#current();
    if (debuggee.isRunning) {
      return [];
    }
    const text = given.text.slice(0, given.column - 1);
    const command = COMMAND.exec(text)?.[1];
    const line = command ?? `print ${text}`;
    const answer = await debuggee.gdb.execute(`-complete ${quote(line)}`);
    const word = /[\w$:~]*$/.exec(line)?.[0] ?? '';
    const kept = line.length - word.length;
    return textsOf(answer, 'matches')
      .slice(0, MOST_COMPLETIONS)
      .map((match) => ({ label: match.slice(kept), start: text.length - word.length, length: word.length }));
  }

  #frameOf(id: number | undefined): Frame | undefined {
    return id === undefined ? undefined : this.#frames.frame(id);
  }
}

function nameOf(row: MiRecord): string {
  return textOf(row, 'name') ?? '';
}

/** What a client asks of a list, within bounds. */
function pageOf({ start = 0, count = 0 }: DebugProtocol.VariablesArguments): { start: number; count: number } {
  return {
    start: Math.max(0, Math.trunc(start) || 0),
    count: Math.min(LARGEST_PAGE, Math.max(0, Math.trunc(count)) || LARGEST_PAGE),
  };
}

function flag(value: boolean | undefined): 0 | 1 {
  return value ? 1 : 0;
}

function resultOf({
  value,
  ...rest
}: Omit<DebugProtocol.Variable, 'name'>): DebugProtocol.EvaluateResponse['body'] &
  DebugProtocol.SetExpressionResponse['body'] {
  return { result: value, value, ...rest };
}
