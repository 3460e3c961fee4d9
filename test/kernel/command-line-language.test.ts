/**
 * The editor and the kernel agree: each command line, also a mistyped one, is read by Sprout's own parser, compiled for the host,
 * and by the language server's, with the same programs, the same sentence and the same place.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sprout, workloadProblem } from '../../extension/language/server/command-line/sprout.ts';
import {
  sproutOptions,
  sproutPrograms,
  workloadWords,
} from '../../extension/language/server/command-line/sprout-options.ts';

const kernel = join(import.meta.dirname, '../../kernel');

/** Reads lines of hexadecimal digits, each a command line, and prints what the kernel makes of it, a line of JSON each. */
const DRIVER = `
#include "core/command_line.hh"
#include "workload/options.hh"
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>
using namespace sprout;

static void put(char const* text)
{
    putchar('"');
    for (; *text; ++text)
        printf("\\\\u%04x", static_cast<unsigned char>(*text));
    putchar('"');
}

int main()
{
    std::string hex;
    while (std::getline(std::cin, hex)) {
        std::string text;
        for (size_t i = 0; i + 1 < hex.size(); i += 2)
            text += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
        auto environment = std::make_unique<Environment>();
        auto line = std::make_unique<CommandLine>();
        KernelOptions options;
        auto const ok = parse_command_line(text.data(), text.size(), *environment, &options, *line);
        printf("{\\"ok\\":%s,\\"error\\":", ok ? "true" : "false");
        put(line->error);
        printf(",\\"line\\":%u,\\"column\\":%u,\\"programs\\":[", line->error_line, line->error_column);
        for (u32 i = 0; i < line->program_count; ++i) {
            auto const& program = line->programs[i];
            printf("%s{\\"isBackground\\":%s,\\"words\\":[", i ? "," : "", program.background ? "true" : "false");
            for (u32 word = 0; word < program.count; ++word) {
                printf(word ? "," : "");
                put(program.arguments[word]);
            }
            WorkloadOptions workload;
            char const* wrong = "";
            auto const fits = parse_workload_options(
                static_cast<int>(program.count) - 1, program.arguments + 1, workload, wrong);
            printf("],\\"fits\\":%s}", fits ? "true" : "false");
        }
        puts("]}");
    }
}
`;

interface Answer {
  ok: boolean;
  error: string;
  line: number;
  column: number;
  programs: { words: string[]; isBackground: boolean; fits: boolean }[];
}

let folder: string;
let driver: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sprout-command-line-'));
  driver = join(folder, 'driver');
  writeFileSync(join(folder, 'driver.cc'), DRIVER);
  const sources = ['core/command_line.cc', 'core/environment.cc', 'workload/options.cc'].map((file) =>
    join(kernel, file),
  );
  const flags = ['-std=c++23', '-O1', '-DSPROUT_HOST_TEST=1', `-I${kernel}/tests/host/shim`, `-I${kernel}`];
  execFileSync('g++', [...flags, ...sources, join(folder, 'driver.cc'), '-o', driver], { stdio: 'pipe' });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function askKernel(lines: string[]): Answer[] {
  const input = lines.map((line) => Buffer.from(line, 'latin1').toString('hex')).join('\n');
  const output = execFileSync(driver, { input: `${input}\n`, encoding: 'utf8', maxBuffer: 1 << 28 });
  return output
    .trimEnd()
    .split('\n')
    .map((line): Answer => JSON.parse(line));
}

/** The editor's answer in the kernel's words. */
function askEditor(text: string): Answer {
  const { programs, problems } = sprout.parse(text);
  // What a program would find wrong once it runs is not the parser's.
  const problem = problems.find(({ severity, message }) => severity === 'error' && !message.startsWith('The '));
  const before = text.slice(0, problem?.start ?? 0);
  const line = before.split('\n').length;
  const column = before.length - before.lastIndexOf('\n');
  return {
    ok: problem === undefined,
    error: problem ? `Line ${line}, column ${column}: ${problem.message}`.slice(0, 159) : '',
    line: problem ? line : 0,
    column: problem ? column : 0,
    programs: programs.map(({ words, isBackground }) => {
      const given = words.slice(1).map((word) => ({ text: word, start: 0, end: 0, role: 'argument' as const }));
      return { words, isBackground, fits: workloadProblem(given) === undefined };
    }),
  };
}

function expectAgreement(lines: string[]): void {
  const kernelAnswers = askKernel(lines);
  expect(kernelAnswers).toHaveLength(lines.length);
  lines.forEach((text, index) => {
    expect({ text, ...askEditor(text) }).toEqual({ text, ...kernelAnswers[index] });
  });
}

describe('lines that people write', () => {
  test('programs, quotes, variables, comments', () => {
    expectAgreement([
      '',
      'hello',
      '--log=verbose --env NAME=Ada hello "$NAME" ; workload threads=4 & runscript /etc/start',
      'a\\ b \'c "d\' "e$X" $UNKNOWN x$UNKNOWN "" # comment\nnext',
      `--env A=1 --env B=$\{A}2 echo $B$\{A}$`,
      '--trace switch,lock --trace-records=64K idle &\n\n;;hello;',
      '-- --hello; --cpus 4 -- echo --cpus',
      'workload --threads 4 --panic seconds=forever --deadlock load=100',
    ]);
  });

  test('every mistake gets the kernel’s sentence at the kernel’s place', () => {
    const lines = [
      ...[
        '--panik',
        '--cpus=9',
        '--cpus=0',
        '--cpus',
        '--help=1',
        '--trace=lock,',
        '--trace=locks',
        '--env 1=2',
        '--env A',
      ],
      ...['hello "x', "hello 'x", 'hello \\', `hello $\{A`, `hello $\{1}`, '&', 'hello & & x', 'a ;\n  --clock=sun'],
      ...['--track-allocations=0', '--track-allocations=16M', '--track-allocations=17M', '--trace-records=1M hello'],
      `echo ${'x'.repeat(9000)}`,
      'a '.repeat(600),
      'a;'.repeat(70),
      `--env A=${'x'.repeat(4100)}`,
      `--env A=${'x'.repeat(2000)} --env A=${'y'.repeat(3000)} --env B=${'z'.repeat(2000)}`,
    ];
    expectAgreement(lines);
    expect(askKernel(lines).filter(({ ok }) => !ok).length).toBeGreaterThan(20);
  });
});

test('20,000 random lines', () => {
  const pieces = [
    ...sproutOptions.flatMap(({ name, choices }) => [
      `--${name}`,
      `--${name}=`,
      ...(choices ?? []).map(({ value }) => value),
    ]),
    ...sproutPrograms.map(({ name }) => name),
    ...workloadWords.flatMap(({ name }) => [name, `${name}=`, `--${name}`]),
    ...' \t\n;&#"\'\\$=,-/{}'.split(''),
    ...['--', '${', '$A', `$\{A}`, 'A=1', 'A', '1', '8', '64K', '17M', 'forever', 'x', ' ', ' ', ' ', ' ', ' '],
  ];
  // A generator of its own, so that a failure can be repeated.
  let state = 12_345;
  const random = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const lines = Array.from({ length: 20_000 }, () =>
    Array.from({ length: 1 + random(14) }, () => pieces[random(pieces.length)] ?? '').join(''),
  );
  expectAgreement(lines);
  expect(askKernel(lines).filter(({ ok }) => ok).length).toBeGreaterThan(1_000);
});

test('the kernel’s help lists the options that the editor knows', () => {
  const source = readFileSync(join(kernel, 'core/command_line.cc'), 'utf8');
  const table = source.slice(source.indexOf('constexpr Option options[]'), source.indexOf('#undef FIELD'));
  const names = [...table.matchAll(/\{ "([\w-]+)", ValueKind::/g)].map((match) => match[1]);
  expect(sproutOptions.map(({ name }) => name)).toEqual(names);
  const programs =
    readFileSync(join(kernel, 'workload/programs.cc'), 'utf8') +
    readFileSync(join(kernel, 'workload/workload.cc'), 'utf8');
  for (const match of programs.matchAll(/SPROUT_PROGRAM\(\w+,\s*"([\w-]+)"/g)) {
    expect(sproutPrograms.map(({ name }) => name)).toContain(match[1]);
  }
});
