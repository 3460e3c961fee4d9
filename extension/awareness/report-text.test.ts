import { expect, it } from 'vitest';
import { reportText } from './report-text.ts';

it('tells what is missing before what was found', () => {
  const text = reportText({
    kernel: 'osv',
    program: '/osv/loader.elf',
    needs: [
      { kind: 'type', name: 'vnode', found: true },
      { kind: 'type', name: 'pair', found: true, as: 'old_pair' },
      { kind: 'field', name: 'vnode.v_size', found: false, optional: true },
    ],
    notes: ['Sizes of vnodes cannot be told.'],
  });
  expect(text).toBe(
    [
      '# Kernel awareness of OSv',
      '',
      '- Kernel: /osv/loader.elf',
      '- Build id: none',
      '- 3 symbols, variables, types and fields are asked for; 1 are missing.',
      '',
      '## What this build cannot tell',
      '',
      '- Sizes of vnodes cannot be told.',
      '',
      '## Missing',
      '',
      '- field `vnode.v_size` (one column)',
      '',
      '## Types',
      '',
      '- ✓ `vnode`',
      '- ✓ `pair`, as `old_pair`',
      '',
      '## Fields',
      '',
      '- ✗ `vnode.v_size` (one column)',
      '',
    ].join('\n'),
  );
});

it('says so when nothing is missing', () => {
  const text = reportText({ kernel: 'sprout', program: '/sprout.elf', buildId: 'ab', needs: [], notes: [] });
  expect(text).toContain('- Build id: ab\n');
  expect(text).toContain('all were found');
  expect(text).not.toContain('## ');
});
