/** Names as people write them, from the linker's: C++ (Itanium) and Rust, by Mozilla's gecko-profiler-demangle (WebAssembly). */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as library from 'gecko-profiler-demangle/index_bg.js';

/** What is used of WebAssembly: its types stand in the browser's library, which nothing here has. */
interface WebAssemblyApi {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: Record<string, object>) => { exports: { __wbindgen_start(): void } };
}

let isLoaded = false;

/** The demangled name; the name itself when it is not mangled or of a form that nobody knows. */
export function demangle(linkName: string): string {
  const at = linkName.indexOf('@');
  const version = at > 0 ? linkName.slice(at) : '';
  const plain = at > 0 ? linkName.slice(0, at) : linkName;
  if (!isMangled(plain)) {
    return linkName;
  }
  load();
  const answer = library.demangle_any(plain);
  // What it does not know it answers without the underscore in front.
  return answer === plain.slice(1) || answer === plain ? outline(linkName) : tidied(answer) + version;
}

/** What can be said of a name that is nested too deeply for the library: where it lies. The name itself when not even that. */
function outline(linkName: string): string {
  const parts: string[] = [];
  let at = linkName.startsWith('_ZN') ? 3 : linkName.length;
  while (linkName[at] === 'K' || linkName[at] === 'V') {
    at++;
  }
  if (linkName.startsWith('St', at)) {
    parts.push('std');
    at += 2;
  }
  for (
    let digits = /^\d+/.exec(linkName.slice(at, at + 6))?.[0];
    digits;
    digits = /^\d+/.exec(linkName.slice(at, at + 6))?.[0]
  ) {
    at += digits.length;
    const name = linkName.slice(at, at + Number(digits));
    parts.push(name.startsWith('_GLOBAL__N') ? '(anonymous namespace)' : name);
    at += Number(digits);
  }
  return parts.length === 0 ? linkName : `${parts.join('::')}<…> (${linkName})`;
}

function isMangled(name: string): boolean {
  return name.startsWith('_Z') || name.startsWith('_R') || name.startsWith('___Z') || name.startsWith('__Z');
}

/** Wording as c++filt has it, which programmers know. */
function tidied(name: string): string {
  let text = name.includes('_GLOBAL__N_1') ? name.replaceAll('_GLOBAL__N_1', '(anonymous namespace)') : name;
  if (text.startsWith('{')) {
    text = text
      .replace(/^\{virtual override thunk\(\{offset\(-?\d+\)\}, (.*)\)\}/, 'non-virtual thunk to $1')
      .replace(/^\{virtual override thunk\(\{virtual offset\([^)]*\)\}, (.*)\)\}/, 'virtual thunk to $1')
      .replace(
        /^\{(vtable|vtt|typeinfo|typeinfo name)\((.*)\)\}/,
        (_all, kind: string, of: string) => `${kind === 'vtt' ? 'VTT' : kind} for ${of}`,
      );
  }
  if (text.includes('(unsigned') || text.includes('(int)') || text.includes('(long)') || text.includes('(bool)')) {
    text = text
      .replace(/\(unsigned long\)(\d+)/g, '$1ul')
      .replace(/\(unsigned int\)(\d+)/g, '$1u')
      .replace(/\(long\)(-?\d+)/g, '$1l')
      .replace(/\(int\)(-?\d+)/g, '$1')
      .replace(/\(bool\)0/g, 'false')
      .replace(/\(bool\)1/g, 'true');
  }
  return text;
}

function load(): void {
  if (isLoaded) {
    return;
  }
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
  const { exports } = new Instance(new Module(readFileSync(binaryFile())), { './index_bg.js': library });
  library.__wbg_set_wasm(exports);
  exports.__wbindgen_start();
  isLoaded = true;
}

/** Beside the bundle, or in the package when the sources run as they are. */
function binaryFile(): string {
  const bundled = typeof __dirname === 'string' ? join(__dirname, 'demangle.wasm') : '';
  return bundled !== '' && existsSync(bundled)
    ? bundled
    : createRequire(import.meta.url || `file://${__filename}`).resolve('gecko-profiler-demangle/index_bg.wasm');
}
