/** Says what the objects are that appeared between two moments. */
import type { Observation } from '../worker/observation.ts';
import type { NewObject, PoolChange, SnapshotComparison } from './model.ts';

/** @param observation of the second moment */
export async function nameNewObjects(
  comparison: SnapshotComparison,
  observation: Observation,
): Promise<SnapshotComparison> {
  const pools: PoolChange[] = [];
  for (const pool of comparison.pools) {
    const newObjects: NewObject[] = [];
    for (const { address } of pool.newObjects) {
      newObjects.push(await nameObject(address, observation));
    }
    pools.push({ ...pool, newObjects });
  }
  return { ...comparison, pools };
}

/** An object of a guest that runs may be free again by now, or something else: then nothing is said of it. */
async function nameObject(address: number, observation: Observation): Promise<NewObject> {
  const found = await observation.identify(address).catch(() => undefined);
  return found?.kind === 'object' ? { address, description: found.description } : { address };
}
