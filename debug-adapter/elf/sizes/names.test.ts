import { describe, expect, test } from 'vitest';
import { normalizedName, splitName, templateOf } from './names.ts';

describe('a demangled name is split where its scopes end', () => {
  test.each([
    ['main', [], 'main'],
    ['sprout::vfs_open(char const*, int)', ['sprout'], 'vfs_open(char const*, int)'],
    ['a::B<c::D<int>, (E)3>::f(g::H) const', ['a', 'B<c::D<int>, (E)3>'], 'f(g::H) const'],
    ['a::(anonymous namespace)::f()', ['a', '(anonymous namespace)'], 'f()'],
    ['a::operator<<(b::C&, d::E)', ['a'], 'operator<<(b::C&, d::E)'],
    ['a::B::operator()(int) const', ['a', 'B'], 'operator()(int) const'],
    ['a::B::operator->() const', ['a', 'B'], 'operator->() const'],
    [
      'a::f(int)::{lambda(b::C)#1}::operator()(b::C) const',
      ['a', 'f(int)', '{lambda(b::C)#1}'],
      'operator()(b::C) const',
    ],
    ['a::f(int) const::table', ['a', 'f(int) const'], 'table'],
    ['vtable for a::B<int>', ['a', 'B<int>'], 'vtable'],
    ['typeinfo name for a::B', ['a', 'B'], 'typeinfo name'],
    ['guard variable for a::f()::once', ['a', 'f()'], 'guard variable once'],
    ['non-virtual thunk to a::B::~B()', ['a', 'B'], 'non-virtual thunk to ~B()'],
    ['<a::B as c::D>::e', ['<a::B as c::D>'], 'e'],
    ['core::ptr::drop_in_place<alloc::string::String>', ['core', 'ptr'], 'drop_in_place<alloc::string::String>'],
    ['a::f(b::C) [clone .isra.0]', ['a'], 'f(b::C) [clone .isra.0]'],
    ['a::B::operator bool() const', ['a', 'B'], 'operator bool() const'],
    ['operators::run()', ['operators'], 'run()'],
  ])('%s', (name, scopes, leaf) => {
    expect(splitName(name)).toEqual({ scopes, leaf });
  });
});

test('a template is told without its arguments, an operator or a parameter is none', () => {
  expect(templateOf('Vector<int, 3>')).toBe('Vector');
  expect(templateOf('f<int>(a<b>)')).toBe('f');
  expect(templateOf('f(a<b>)')).toBeUndefined();
  expect(templateOf('operator<(a, b)')).toBeUndefined();
  expect(templateOf('<a as b>')).toBeUndefined();
});

test('what the compiler numbers by chance is no part of a name that two builds share', () => {
  expect(normalizedName('a::f(int) [clone .isra.0] [clone .cold]')).toBe('a::f(int)');
  expect(normalizedName('buffer.3')).toBe('buffer');
  expect(normalizedName('f.constprop.0')).toBe('f');
  expect(normalizedName('a::{anonymous}::f()')).toBe('a::(anonymous namespace)::f()');
  expect(normalizedName('core::fmt::write::h0123456789abcdef')).toBe('core::fmt::write');
  expect(normalizedName('version1.2beta')).toBe('version1.2beta');
});
