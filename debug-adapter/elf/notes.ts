/** ELF notes (System V ABI, "Note Section"): of a section or a segment. */

export interface Note {
  name: string;
  type: number;
  data: Buffer;
}

const HEADER = 12;

/** Every note in `bytes`, up to the first that does not fit. Names and data are padded to four bytes. */
export function readNotes(bytes: Buffer): Note[] {
  const notes: Note[] = [];
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const nameSize = bytes.readUInt32LE(at);
    const dataSize = bytes.readUInt32LE(at + 4);
    const data = at + HEADER + padded(nameSize);
    if (data + dataSize > bytes.length) {
      break;
    }
    notes.push({
      name: bytes.toString('latin1', at + HEADER, at + HEADER + nameSize).replace(/\0.*$/s, ''),
      type: bytes.readUInt32LE(at + 8),
      data: bytes.subarray(data, data + dataSize),
    });
    at = data + padded(dataSize);
  }
  return notes;
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}
