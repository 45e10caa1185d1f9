// keys.mjs: the page's card of a sensor that was set up anew, in Debian's Chromium. There are an
// administrator "ann" with the password "correct horse battery" and a sensor "keyed-1" with two
// keys that nobody has decided on.
// Environment: WEB_APP (folder with node_modules), URL, WORK (tokens, pictures), CHROMIUM;
// NODE_TLS_REJECT_UNAUTHORIZED=0.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkAccess } from './access.mjs';
import { browser, complaints, logIn, openPage, runStep } from './browser.mjs';

const { URL: url, WORK } = process.env;
const viewer = readFileSync(join(WORK, 'viewer.token'), 'utf8').trim();

async function statesOf(key) {
  const answer = await fetch(`${url}/api/v1/sensors/keyed-1/keys`, { headers: { Authorization: `Bearer ${viewer}` } });
  return (await answer.json()).items.filter((one) => one.key === key).map((one) => one.state);
}

const page = await openPage(/status of 401/);
const step = (name, work) => runStep(() => page, name, work);
const shown = () => page.locator('[data-sensor="keyed-1"] [data-key]');

await step('an administrator accepts one key and refuses another', async () => {
  await logIn(page, url, 'ann', 'correct horse battery');
  await shown().nth(1).waitFor();
  await checkAccess(page, 'keys of a sensor');
  for (const [button, state, left] of [['Accept this key', 'trusted', 1], ['Refuse it', 'refused', 0]]) {
    const key = await shown().first().getAttribute('data-key');
    await shown().first().locator(`button:has-text("${button}")`).click();
    await page.locator(`[data-key="${key}"]`).waitFor({ state: 'detached' });
    assert.equal(await shown().count(), left);
    assert.deepEqual(await statesOf(key), [state]);
  }
});

await browser.close();
assert.deepEqual(complaints, []);
