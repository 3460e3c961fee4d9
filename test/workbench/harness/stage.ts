/** What the journeys of one file share: a VS Code that has the extension, a browser, and a folder of their own. */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, inject } from 'vitest';
import { startBrowser } from './browser.ts';
import { CodeServer, type CodeServerOptions } from './code-server.ts';
import { sprout } from './places.ts';
import { writeLaunchConfiguration } from './sprout.ts';
import { Workbench } from './workbench.ts';

const look = {
  'workbench.colorTheme': 'Default Dark Modern',
  'editor.minimap.enabled': false,
  // They tell where this machine has its files.
  'breadcrumbs.enabled': false,
};

export class Stage {
  readonly folder: string;
  readonly server: CodeServer;
  readonly browser: Browser;

  private constructor(folder: string, server: CodeServer, browser: Browser) {
    this.folder = folder;
    this.server = server;
    this.browser = browser;
  }

  /** `settings` are added to those that all journeys have. */
  static async open({ settings, ...others }: CodeServerOptions): Promise<Stage> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'unikernel-journey-')));
    const extensions = inject('extensions');
    const server = await CodeServer.start({ extensions, settings: { ...look, ...settings }, ...others });
    return new Stage(folder, server, await startBrowser());
  }

  /**
   * Goes a journey in a window of its own, which closes with its session whatever happened. `folder` is what VS Code opens: that of the
   * stage unless another one is given.
   */
  async journey(name: string, steps: (workbench: Workbench) => Promise<void>, folder = this.folder): Promise<void> {
    const workbench = await Workbench.open(this.browser, this.server, folder);
    try {
      await workbench.journey(name, () => steps(workbench));
      await workbench.endSession();
    } finally {
      await workbench.page.close();
    }
  }

  /** @throws Error with what VS Code complained of when its windows closed. */
  async close(): Promise<void> {
    await this.browser.close();
    try {
      await this.server.stop();
    } finally {
      await rm(this.folder, { recursive: true, force: true });
    }
  }
}

/** Opens a stage before the tests of the file that calls this, and closes it after them. */
export function useStage(settings: Record<string, unknown> = {}): () => Stage {
  let stage: Stage | undefined;
  beforeAll(async () => {
    stage = await Stage.open({ settings });
  });
  afterAll(() => stage?.close());
  return () => {
    if (!stage) {
      throw new Error('The stage opens before the first test');
    }
    return stage;
  };
}

/** A journey in the stage's folder, where F5 boots Sprout: `configuration` is added to what launches it on two CPUs. */
export async function sproutJourney(
  stage: Stage,
  name: string,
  configuration: Record<string, unknown>,
  steps: (workbench: Workbench) => Promise<void>,
): Promise<void> {
  await writeLaunchConfiguration(stage.folder, { kernel: 'sprout', cwd: sprout, cpus: 2, ...configuration });
  await stage.journey(name, steps);
}
