/** Everything that a user can see of a guest that stands, to hold one session's picture against another's. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { formatAddress, type PoolClassRow, type ThreadRow, type ViewName } from '../../debug-adapter/protocol.ts';
import type { Session } from './client.ts';

const VIEWS: readonly ViewName[] = ['threads', 'vnodeLocks', 'mallocPools', 'timerSets', 'waitsFor'];
/** Of each stack, the frames whose variables are looked at. */
const FRAMES = 4;

/** Registers that QEMU tells gdb, and does not put in a dump. */
const NOT_DUMPED: ReadonlySet<string> = new Set(['cr8', 'efer', 'mxcsr']);

/** Numbers that name things within one session are left out. */
export async function pictureOf(session: Session) {
  const threads = await session.threads();
  const stacks: Record<string, unknown[]> = {};
  for (const { id, name } of threads) {
    stacks[name] = await stackOf(session, id);
  }
  return { threads, stacks, views: await viewsOf(session) };
}

/** The five views, the slabs and objects of every class, what the kernel traced, what lies at addresses. */
export async function viewsOf(session: Session) {
  const views: Record<string, unknown> = {};
  for (const view of VIEWS) {
    const { sequence: _, ...told } = await session.custom('unikernel/view', { view });
    views[view] = told;
  }
  const { rows } = await session.custom('unikernel/view', { view: 'mallocPools' });
  for (const { key } of rows.filter((row): row is PoolClassRow => 'kind' in row && row.kind === 'class')) {
    views[key] = await session.custom('unikernel/poolPages', { pool: key, start: 0, count: 1000 });
  }
  const threads = await session.custom('unikernel/view', { view: 'threads' });
  for (const { key } of threads.rows as ThreadRow[]) {
    views[`identify ${key}`] = await session.custom('unikernel/identify', { address: formatAddress(key) });
  }
  views.cycles = await session.custom('unikernel/cycles', {});
  views.trace = await session.custom('unikernel/trace', { after: [] });
  return views;
}

async function stackOf(session: Session, threadId: number): Promise<unknown[]> {
  const frames = await session.stack(threadId);
  const told: unknown[] = [];
  for (const [index, { id, ...frame }] of frames.entries()) {
    told.push({ frame, ...(index < FRAMES && { variables: await variablesOf(session, id) }) });
  }
  return told;
}

async function variablesOf(session: Session, frameId: number) {
  const variables: Record<string, unknown> = {};
  variables.Locals = (await session.scope(frameId, 'Locals')).map(told);
  variables.Registers = (await session.scope(frameId, 'Registers'))
    .filter(({ name }) => !NOT_DUMPED.has(name))
    .map(told);
  return variables;
}

function told({ variablesReference, ...variable }: DebugProtocol.Variable) {
  return { ...variable, hasChildren: variablesReference > 0 };
}
