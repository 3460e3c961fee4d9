/** Names a value by its type and its place, in gdb's syntax: that means the same wherever and whenever it is read. Pure. */

/** A type as gdb tells it, and what DAP calls a memory reference: what a pointer points to, or else where the value lies. */
export function addressExpression(type: string, memoryReference: string): string {
  const name = type
    .replace(/\b(?:struct|class|union|enum) /g, '')
    .replace(/\s*&{1,2}$/, '')
    .replace(/\s*\bconst$/, '');
  if (name.includes('(*')) {
    return `(${name})${memoryReference}`;
  }
  const target = /^(.*?)\s*\*$/.exec(name)?.[1];
  return target === undefined ? `{${quoted(name)}}${memoryReference}` : `(${quoted(target)} *)${memoryReference}`;
}

/** gdb finds a name in quotes whatever its template arguments and anonymous namespaces are; `unsigned long [8]` is none. */
function quoted(name: string): string {
  const plain = name.replace(/^(?:(?:const|volatile) )+/, '');
  return /^[A-Za-z_(][\w:]*(?: namespace\)[\w:]+)?(?:<.*>[\w:]*)?$/.test(plain) && plain.includes(':')
    ? `'${plain}'`
    : name;
}
