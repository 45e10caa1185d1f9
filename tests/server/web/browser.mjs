// browser.mjs: Debian's Chromium for the tests of the page.
// Environment: WEB_APP (folder with node_modules), WORK (for pictures), CHROMIUM.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { WEB_APP, WORK, CHROMIUM = '/usr/bin/chromium' } = process.env;
const { chromium } = createRequire(join(WEB_APP, 'package.json'))('playwright-core');

export const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: '--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split(' '),
});
// What no page may say.
export const complaints = [];

// `asked`: statuses that a test asks for; a policy violation or anything else is a complaint.
export async function openPage(asked, options = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1400, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => complaints.push(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !asked.test(message.text())) complaints.push(message.text());
  });
  return page;
}

export async function logIn(page, url, name, password) {
  await page.goto(url);
  await page.fill('#name', name);
  await page.fill('#password', password);
  await page.keyboard.press('Enter');
}

// `page()` is the one whose picture is kept when the step fails.
export async function runStep(page, name, work) {
  const started = Date.now();
  try {
    await work();
  } catch (error) {
    console.error([`FAILED: ${name}`, ...complaints].join('\n'));
    await page().screenshot({ path: join(WORK, 'failed.png') });
    throw error;
  }
  console.log(`good: ${name} (${Date.now() - started} ms)`);
}
