import { expect, it } from 'vitest';
import type { OsvBuild } from '../../debug-adapter/protocol.ts';
import { osvBuildArguments, osvBuildName } from './osv-build.ts';

it('gives scripts/build what the user chose, and nothing else', () => {
  const build: OsvBuild = { image: 'a,b', fs: 'rofs', mode: 'debug', options: { conf_hide_symbols: '1' } };
  expect(osvBuildArguments(build, 4)).toEqual(['-j4', 'image=a,b', 'fs=rofs', 'mode=debug', 'conf_hide_symbols=1']);
  expect(osvBuildArguments({}, 2)).toEqual(['-j2']);
});

it('refuses what is no option', () => {
  expect(osvBuildArguments({ options: { '--help; rm': '1' } }, 1)).toBeUndefined();
  expect(osvBuildArguments({ image: 7 } as unknown as OsvBuild, 1)).toBeUndefined();
});

it('names builds by what tells them apart', () => {
  expect(osvBuildName({ image: 'native-example', fs: 'rofs', mode: 'release' })).toBe(
    'native-example on rofs, release',
  );
  expect(osvBuildName({ mode: 'debug' })).toBe('debug');
  expect(osvBuildName({})).toBe('default image');
});
