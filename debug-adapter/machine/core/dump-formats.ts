/** Dumps that are not in ELF format, told by how they begin: who made one should hear what to do instead. */

interface Format {
  name: string;
  /** Bytes at the beginning of the file. */
  magic: Buffer;
}

const text = (letters: string): Buffer => Buffer.from(letters, 'latin1');
const bytes = (...values: number[]): Buffer => Buffer.from(values);

/** Of QEMU's dump/dump.c and win_dump.c, migration/savevm.c, libvirt's qemu_saveimage.h, and the compressors that libvirt runs. */
const FORMATS: readonly Format[] = [
  { name: 'a kdump-compressed dump', magic: text('KDUMP   ') },
  { name: 'a kdump-compressed dump (flattened)', magic: text('makedumpfile\0') },
  { name: 'a Windows crash dump', magic: text('PAGEDU64') },
  { name: 'a Windows crash dump', magic: text('PAGEDUMP') },
  { name: "a saved state of libvirt's", magic: text('LibvirtQemudSave') },
  { name: "a saved state of libvirt's", magic: text('LibvirtQemudPart') },
  { name: 'a migration stream of QEMU', magic: text('QEVM') },
  { name: 'a disk image (qcow2)', magic: text('QFI\xfb') },
  { name: 'compressed by gzip', magic: bytes(0x1f, 0x8b) },
  { name: 'compressed by bzip2', magic: text('BZh') },
  { name: 'compressed by xz', magic: bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00) },
  { name: 'compressed by lzop', magic: bytes(0x89, 0x4c, 0x5a, 0x4f) },
  { name: 'compressed by zstd', magic: bytes(0x28, 0xb5, 0x2f, 0xfd) },
];

/** How many bytes of a file `formatOf` needs. */
export const MAGIC_SIZE = Math.max(...FORMATS.map(({ magic }) => magic.length));

/** What a file that begins with `start` is, such as `a kdump-compressed dump`; undefined when that cannot be told. */
export function formatOf(start: Buffer): string | undefined {
  return FORMATS.find(({ magic }) => start.subarray(0, magic.length).equals(magic))?.name;
}
