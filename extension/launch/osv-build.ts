/** What OSv's scripts/build is given. */
import type { OsvBuild } from '../../debug-adapter/protocol.ts';

/**
 * Arguments of scripts/build, each one word: `-j4 image=native-example fs=rofs`.
 * @returns undefined when something in it is no name or no text: a task's definition is whatever the user wrote
 */
export function osvBuildArguments(build: OsvBuild, jobs: number): string[] | undefined {
  const { image, fs, mode, options = {} } = build;
  const chosen = Object.entries({ image, fs, mode, ...options }).filter(([, value]) => value !== undefined);
  const isSound = chosen.every(([name, value]) => /^\w+$/.test(name) && typeof value === 'string');
  return isSound ? [`-j${jobs}`, ...chosen.map(([name, value]) => `${name}=${value}`)] : undefined;
}

/** `native-example on rofs, release`: what tells one build from another. */
export function osvBuildName({ image, fs, mode }: OsvBuild): string {
  const what = [image, fs && `on ${fs}`].filter(Boolean).join(' ');
  return [what, mode].filter(Boolean).join(', ') || 'default image';
}
