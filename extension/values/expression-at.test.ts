import { expect, test } from 'vitest';
import { expressionAt, registerAt } from './expression-at.ts';

/** The expression at the `|` in a line. */
function at(marked: string): string | undefined {
  const column = marked.indexOf('|');
  const line = marked.replace('|', '');
  const found = expressionAt(line, column);
  // What is told of its place is where the text stands.
  expect(found && line.slice(found.start, found.end)).toBe(found?.text);
  return found?.text;
}

test.each([
  ['    auto& worker = g_truth.wor|kers[index];', 'g_truth.workers'],
  ['    auto& worker = g_tr|uth.workers[index];', 'g_truth'],
  ['    auto& worker = g_truth.workers[in|dex];', 'index'],
  ['x = a.b->c[i + 1].|d;', 'a.b->c[i + 1].d'],
  ['x = a.b->|c[i].d;', 'a.b->c'],
  ['x = a[b[1]][2].|d', 'a[b[1]][2].d'],
  ['arch::g_c|pus[0].index', 'arch::g_cpus'],
  ['ar|ch::g_cpus[0].index', 'arch::g_cpus'],
  ['x = (*thread).st|ate', '(*thread).state'],
  ['x = ((Thread*)pointer)->st|ate', '((Thread*)pointer)->state'],
  ['this->bu|ffer_', 'this->buffer_'],
  ['lock . ow|ner', undefined],
  ['lock. ow|ner', 'lock. owner'],
  ['mov $0xffff8000001|23000, %rax', '0xffff800000123000'],
  ['|x', 'x'],
])('%s → %s', (line, text) => {
  expect(at(line)).toBe(text);
});

test.each([
  ['a number', 'x = 4|2;'],
  ['a small hexadecimal number', 'x = 0x1|f;'],
  ['a keyword', 'ret|urn x;'],
  ['an operator', 'x |= y;'],
  ['behind the last name', 'x;|'],
  ['a text', 'print("some wo|rds");'],
  ['a text with a quote in it', 'print("some \\" wo|rds");'],
  ['a character', "x = 'a|';"],
  ['a comment', 'x = 1; // of so|me'],
  ['a comment in between', 'x = /* of so|me */ 1;'],
  ['a member of what a call returns', 'x = current().na|me'],
  ['a member of an element that a call chooses', 'x = slots[index()].val|ue'],
  ['a member of a value that holds a call', 'x = (*find(a)).na|me'],
  ['an empty line', '|'],
  ['a bracket without its pair', '].na|me'],
])('nothing at %s', (_, line) => {
  expect(at(line)).toBeUndefined();
});

test('what stands behind a comment or a text is found where it stands', () => {
  expect(at('f("x", /* y */ val|ue)')).toBe('value');
});

test('a register of assembly is told as gdb names it', () => {
  const line = '    movq %rsp, 8(%rax)';
  expect(registerAt(line, line.indexOf('rsp'))?.text).toBe('$rsp');
  expect(registerAt(line, line.indexOf('%rax'))).toEqual({ text: '$rax', start: 17, end: 21 });
  expect(registerAt(line, 5)).toBeUndefined();
});
