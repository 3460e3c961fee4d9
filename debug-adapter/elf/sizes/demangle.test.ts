import { expect, test } from 'vitest';
import { demangle } from './demangle.ts';

test.each([
  ['main', 'main'],
  ['_start', '_start'],
  ['_ZN6sprout12thread_yieldEv', 'sprout::thread_yield()'],
  ['_ZNSt6vectorIiSaIiEE9push_backERKi', 'std::vector<int, std::allocator<int> >::push_back(int const&)'],
  ['_ZTVN1a1BE', 'vtable for a::B'],
  ['_ZTIN1a1BE', 'typeinfo for a::B'],
  ['_ZTSN1a1BE', 'typeinfo name for a::B'],
  ['_ZGVZN1a1fEvE4once', 'guard variable for a::f()::once'],
  ['_ZThn16_N1a1BD1Ev', 'non-virtual thunk to a::B::~B()'],
  ['_ZN1a12_GLOBAL__N_11fEv', 'a::(anonymous namespace)::f()'],
  ['_ZN1aL9s_counterE', 'a::s_counter'],
  ['_ZN1a5ArrayIiLm8EE3getEv', 'a::Array<int, 8ul>::get()'],
  ['_ZN1a1fEi.isra.0', 'a::f(int) [clone .isra.0]'],
  ['_ZN1a1fEi@@VERSION_1', 'a::f(int)@@VERSION_1'],
  // Rust: the older scheme, whose hash says nothing, and the newer one.
  ['_ZN4core3ptr13drop_in_place17h0123456789abcdefE', 'core::ptr::drop_in_place'],
  ['_RNvNtCs1234_7mycrate3foo3bar', 'mycrate::foo::bar'],
  ['_RNvMNtNtNtCsjrHSEGnQ3l9_3std4sync4mpmc7contextNtB2_7Context3new', '<std::sync::mpmc::context::Context>::new'],
  // What is no name stays as it is.
  ['_Z', '_Z'],
  ['_Zzzz', '_Zzzz'],
  ['__Zebra', '__Zebra'],
  ['_Rust', '_Rust'],
  ['', ''],
])('%s', (linkName, name) => {
  expect(demangle(linkName)).toBe(name);
});

test('a name that is nested too deeply tells where it lies', () => {
  const deep = `_ZN1a3BoxI${'NS_3BoxI'.repeat(300)}i${'EE'.repeat(300)}E3getEv`;
  const name = demangle(deep);
  expect(name.startsWith('a::Box')).toBe(true);
});
