/** The window of a VS Code: Debian's Chromium without a screen, or Chrome. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-dev-shm-usage',
];

export async function startBrowser(): Promise<Browser> {
  const executablePath = ['/usr/bin/chromium-headless-shell', '/usr/bin/google-chrome'].find(existsSync);
  if (!executablePath) {
    throw new Error('The workbench tests need Chromium: apt-get install chromium-headless-shell');
  }
  return await chromium.launch({ executablePath, args: quiet });
}
