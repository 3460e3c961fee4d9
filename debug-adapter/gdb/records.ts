/** Typed access to what gdb's machine interface answers. */
import type { MiValue } from 'gdb-js';

export type { MiValue };
export type MiRecord = { [name: string]: MiValue };

/** An argument of an MI command, quoted. Newlines and control characters are escaped: one command stays one line. */
export function quote(argument: string): string {
  const escaped = argument.replace(/[\\"]/g, '\\$&').replace(/\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0);
    // An octal escape takes three digits; gdb reads it back as one byte.
    return code < 0x80 ? `\\${code.toString(8).padStart(3, '0')}` : '';
  });
  return `"${escaped}"`;
}

/** A text field; undefined when there is none of that name. */
export function textOf(record: MiRecord, name: string): string | undefined {
  const value = record[name];
  return typeof value === 'string' ? value : undefined;
}

/** A decimal or `0x` field; undefined when it is missing or no number. */
export function numberOf(record: MiRecord, name: string): number | undefined {
  const text = textOf(record, name);
  const value = text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isNaN(value) ? undefined : value;
}

/** A tuple field; undefined when it is missing or no tuple. */
export function recordOf(record: MiRecord, name: string): MiRecord | undefined {
  const value = record[name];
  return isRecord(value) ? value : undefined;
}

/** A list of tuples, whether its entries are named (`[frame={…},frame={…}]`) or not (`[{…},{…}]`). */
export function recordsOf(record: MiRecord, name: string): MiRecord[] {
  return valuesOf(record, name).filter(isRecord);
}

/**
 * What our Python tells as a text of JSON, in which all that is no list or record is text too. gdb-js parses one long text several
 * times faster than many tuples of MI.
 */
export function jsonOf<Value>(record: MiRecord, name: string): Value | undefined {
  const text = textOf(record, name);
  return text === undefined ? undefined : (JSON.parse(text) as Value);
}

/** A list of texts. */
export function textsOf(record: MiRecord, name: string): string[] {
  return valuesOf(record, name).filter((value) => typeof value === 'string');
}

function valuesOf(record: MiRecord, name: string): MiValue[] {
  const value = record[name];
  if (value === undefined || value === '') {
    return [];
  }
  return (Array.isArray(value) ? value : [value]).map(unnamed);
}

/** gdb-js tells a named entry of a list as {name, value}. */
function unnamed(value: MiValue): MiValue {
  if (isRecord(value) && typeof value.name === 'string' && isRecord(value.value) && Object.keys(value).length === 2) {
    return value.value;
  }
  return value;
}

function isRecord(value: MiValue | undefined): value is MiRecord {
  return typeof value === 'object' && !Array.isArray(value);
}
