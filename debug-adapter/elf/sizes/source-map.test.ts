import { expect, test } from 'vitest';
import { mapPath } from './source-map.ts';

test.each([
  ['/build/osv/core/a.cc', '/home/me/osv/core/a.cc'],
  ['/build/osv', '/home/me/osv'],
  ['/build/osv/apps/b.cc', '/home/me/apps/b.cc'],
  ['/build/osvx/c.cc', '/build/osvx/c.cc'],
  ['core/a.cc', 'core/a.cc'],
])('%s is at %s', (path, expected) => {
  const map = { '/build/osv/': '/home/me/osv', '/build/osv/apps': '/home/me/apps/' };
  expect(mapPath(path, map)).toBe(expected);
});
