/** Errors that a window or its extension host told of: a journey that causes one has failed, whatever it showed. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What VS Code says by itself here, with no extension of ours involved. */
const noise: { pattern: RegExp; why: string }[] = [
  { pattern: /vsda|status of 404 \(Not Found\)/, why: 'code-server has no vsda, which signs connections' },
  { pattern: /open-vsx|ERR_NAME_NOT_RESOLVED|ERR_INTERNET_DISCONNECTED/, why: 'the marketplace cannot be reached' },
  { pattern: /authentication provider 'github'/, why: 'VS Code looks for an account, and none is here' },
  {
    pattern: /\[lifecycle\]/,
    why: 'a window of the web that is closed cannot end what VS Code itself would like to end',
  },
  {
    pattern: /\[TreeView\] Failed to resolve parent|No tree item with id/,
    why: 'VS Code draws, or asks for the hover of, a row that a refresh has just taken away',
  },
  {
    pattern: /The guest runs: its threads have frames when it is stopped/,
    why: 'VS Code asks for the frames of a stop that is over, shows nothing of the answer, and writes it to its console',
  },
  { pattern: /EEXIST: .*vscode\.lock/, why: 'the window before, on the same folder, is not quite closed' },
  {
    pattern: /^extension host: Error: read ECONNRESET$/,
    why: 'a window that loads anew leaves its connection to the extension host; ours are caught, with a sentence',
  },
  { pattern: /allow-scripts and allow-same-origin/, why: 'VS Code’s own frames' },
  { pattern: /vscode\.(?:git|github|typescript-language-features|emmet)\b/, why: 'extensions of VS Code itself' },
];

/** A line of an extension host's log whose level is error. */
const ERROR_LINE = /^[\d-]+ [\d:.]+ \[error\] (.*)/;
/** What follows is the end of a window: what was asked for meanwhile fails, in VS Code's own extensions too. */
const END = 'Extension host terminating';

export class Complaints {
  /** The folder of the server's logs. */
  readonly logs: string;
  readonly #expected: RegExp[] = [];
  /** Told, and asked for by nobody yet. */
  #heard: string[] = [];
  /** How much of each log was read. */
  readonly #read = new Map<string, number>();

  constructor(logs: string) {
    this.logs = logs;
  }

  /** From now on `pattern` is what a journey wants to see: VS Code writes each error that it shows to its console too. */
  expect(pattern: RegExp): void {
    this.#expected.push(pattern);
  }

  /** An error of a window's console, or one that no code caught. */
  hear(text: string): void {
    if (![...this.#expected, ...noise.map(({ pattern }) => pattern)].some((pattern) => pattern.test(text))) {
      this.#heard.push(text);
    }
  }

  /** @throws Error with everything since the last time, if there is anything. */
  async check(): Promise<void> {
    for (const path of await hostLogs(this.logs)) {
      const lines = (await readFile(path, 'utf8')).split('\n');
      const end = lines.findIndex((line) => line.includes(END));
      for (const line of lines.slice(this.#read.get(path) ?? 0, end < 0 ? lines.length - 1 : end)) {
        const [, message] = ERROR_LINE.exec(line) ?? [];
        if (message !== undefined) {
          this.hear(`extension host: ${message}`);
        }
      }
      this.#read.set(path, lines.length - 1);
    }
    const heard = this.#heard;
    this.#heard = [];
    if (heard.length > 0) {
      throw new Error(`VS Code told of errors:\n${heard.join('\n')}`);
    }
  }
}

/** What the extension hosts of a server logged, for whoever looks into a failure. */
export async function hostLog(folder: string): Promise<string> {
  const logs = await hostLogs(folder);
  return (await Promise.all(logs.map((path) => readFile(path, 'utf8')))).join('\n');
}

/** The logs of all extension hosts that a server had. */
async function hostLogs(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch((): string[] => []);
  return names.filter((name) => /exthost.*\/remoteexthost\.log$/.test(name)).map((name) => join(folder, name));
}
