/** A small program that has one of everything, compiled as each test asks. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SOURCES = {
  'shapes/shape.hh': `#pragma once
namespace shapes {
class Shape {
public:
    virtual ~Shape();
    virtual int area() const;
    int twice() const;
};
template <typename T> [[gnu::noinline]] T largest(T a, T b) { return a > b ? a : b; }
extern int g_shapes;
}
`,
  'shapes/shape.cc': `#include "shape.hh"
namespace shapes {
int g_shapes = 7;
Shape::~Shape() { ++g_shapes; }
int Shape::area() const { return g_shapes; }
int Shape::twice() const { return 2 * area(); }
}
`,
  'main.cc': `#include "shapes/shape.hh"
namespace {
int s_counter;
thread_local int t_depth = 3;
char s_buffer[4000];
[[gnu::noinline]] int deep(int n)
{
    volatile char frame[512];
    frame[n & 511] = 1;
    return frame[3] + ++s_counter + ++t_depth;
}
[[gnu::noinline]] int deeper(int n)
{
    volatile char frame[1024];
    frame[n & 1023] = 1;
    return deep(n) + frame[5];
}
[[gnu::noinline]] int endless(int n) { return n == 0 ? s_buffer[7] : endless(n - 1) + deep(n); }
}
extern "C" [[gnu::noinline]] int only_here(int n) { return deeper(n) * 3; }
extern "C" int same_place(int n) __attribute__((alias("only_here")));
extern "C" int label_of_assembly();
asm(".text\\n.globl label_of_assembly\\nlabel_of_assembly:\\n mov $5, %eax\\n ret\\n .balign 32\\n");
int main(int count, char**)
{
    shapes::Shape shape;
    shapes::Shape* volatile unknown = &shape;
    s_buffer[count & 1023] = char(count);
    return only_here(count) + endless(count) + shape.twice() + unknown->area() + shapes::largest(count, 3)
        + int(shapes::largest<long>(count, 4)) + label_of_assembly();
}
`,
};

export interface Fixture {
  folder: string;
  /** Compiles into `name`. */
  build(name: string, flags: string[], change?: (file: string, text: string) => string, sources?: string[]): string;
  dispose(): void;
}

export function fixture(): Fixture {
  const folder = mkdtempSync(join(tmpdir(), 'unikernel-sizes-'));
  return {
    folder,
    build: (name, flags, change = (_file, text) => text, sources = ['main.cc', 'shapes/shape.cc']) => {
      for (const [file, text] of Object.entries(SOURCES)) {
        execFileSync('mkdir', ['-p', join(folder, file, '..')]);
        writeFileSync(join(folder, file), change(file, text));
      }
      const path = join(folder, name);
      const options = ['-O1', '-g', '-fno-inline', '-Wl,--build-id', ...flags];
      execFileSync('g++', [...options, '-o', path, ...sources], { cwd: folder, stdio: 'pipe' });
      return path;
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
