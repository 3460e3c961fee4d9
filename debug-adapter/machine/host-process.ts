/** Which process of this host listens on a socket: to read a guest's RAM in /proc. */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';

/**
 * The process that listens on `address` (a unix socket's path or `host:port`); undefined when it is on another host, in another
 * container, or another user's.
 */
export function findListener(address: string): number | undefined {
  try {
    const network = /:(\d+)$/.exec(address);
    const inode = network ? tcpListener(Number(network[1])) : unixListener(realpathSync(address));
    return inode === undefined ? undefined : processWithSocket(inode);
  } catch {
    return undefined;
  }
}

/** proc(5): /proc/net/unix has flags (10000: listening), state, inode and path in the columns 4, 6, 7 and 8. */
function unixListener(path: string): string | undefined {
  for (const line of readFileSync('/proc/net/unix', 'utf8').split('\n')) {
    const [, , , flags, , , inode, name] = line.trim().split(/\s+/);
    if (name === path && flags === '00010000') {
      return inode;
    }
  }
  return undefined;
}

/** proc(5): local address in column 2, state (0A: listening) in column 4, inode in column 10. */
function tcpListener(port: number): string | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const columns = line.trim().split(/\s+/);
      if (columns[1]?.endsWith(suffix) && columns[3] === '0A') {
        return columns[9];
      }
    }
  }
  return undefined;
}

function processWithSocket(inode: string): number | undefined {
  const wanted = `socket:[${inode}]`;
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = processes.find((pid) => openFiles(pid).some((target) => target === wanted));
  return found === undefined ? undefined : Number(found);
}

/** What each descriptor of a process points to; empty when it cannot be told. */
function openFiles(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((name) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${name}`);
      } catch {
        return '';
      }
    });
  } catch {
    return [];
  }
}
