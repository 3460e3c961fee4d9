import { expect, test } from 'vitest';
import { addressExpression } from './address-expression.ts';

test.each([
  ['int', '{int}0x10'],
  ['unsigned long', '{unsigned long}0x10'],
  ['char [16]', '{char [16]}0x10'],
  ['Thread', '{Thread}0x10'],
  ['struct sprout::Thread', "{'sprout::Thread'}0x10"],
  ['const sprout::Thread', "{'sprout::Thread'}0x10"],
  ['sprout::SharedFile &', "{'sprout::SharedFile'}0x10"],
  ['std::string &&', "{'std::string'}0x10"],
  ['sprout::Thread *', "('sprout::Thread' *)0x10"],
  ['sprout::workload::Worker * const', "('sprout::workload::Worker' *)0x10"],
  ['char *', '(char *)0x10'],
  ['const char *', '(const char *)0x10'],
  ['void *', '(void *)0x10'],
  ['sprout::Thread **', '(sprout::Thread * *)0x10'],
  [
    'sprout::List<sprout::Thread, &sprout::Thread::all_link>',
    "{'sprout::List<sprout::Thread, &sprout::Thread::all_link>'}0x10",
  ],
  ['(anonymous namespace)::Crossing', "{'(anonymous namespace)::Crossing'}0x10"],
  ['sprout::PerCpu<sprout::Timer>::Slot', "{'sprout::PerCpu<sprout::Timer>::Slot'}0x10"],
  ['void (*)(void *)', '(void (*)(void *))0x10'],
])('%s at an address: %s', (type, expression) => {
  expect(addressExpression(type, '0x10')).toBe(expression);
});
