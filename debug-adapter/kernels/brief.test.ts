import { expect, it } from 'vitest';
import { briefly, withoutArguments } from './brief.ts';

it.each([
  ['f(int)+0x12 (x.cc:3)', 'f (x.cc:3)'],
  [
    'ns::(anonymous namespace)::wait(char const*, void (*)(void*))+0x1 (a/x.cc:31)',
    'ns::(anonymous namespace)::wait (a/x.cc:31)',
  ],
  ['operator new(unsigned long, std::nothrow_t const&)+0x8 (new.cc:23)', 'operator new (new.cc:23)'],
  ['sprout_thread_start+0x8', 'sprout_thread_start'],
  ['main', 'main'],
])('shortens %s', (long, short) => expect(briefly(long)).toBe(short));

it.each([
  [
    'std::_Function_handler<void (), f::g(int)::{lambda()#1}>::_M_invoke(std::_Any_data const&)',
    'std::_Function_handler<void (), f::g(int)::{lambda()#1}>::_M_invoke',
  ],
  ['a::(anonymous namespace)::operator<<(int, int)', 'a::(anonymous namespace)::operator<<'],
  ['f::{lambda()#1}::operator()() const', 'f::{lambda()#1}::operator()'],
  ['my_operator(int)', 'my_operator'],
])('names the function of %s', (long, short) => expect(withoutArguments(long)).toBe(short));
