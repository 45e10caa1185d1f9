// case.mjs: a case from the page of a running collector, in Debian's Chromium. There are an
// administrator "ann" with the password "correct horse battery", and what hostile_pcap.mjs makes.
// Environment: WEB_APP (folder with node_modules), URL, WORK (tokens, pictures), CHROMIUM. Leaves
// WORK/case.zip, and the key that the page shows in WORK/case.key.
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkAccess, checkKeys } from './access.mjs';
import { browser, complaints, logIn, openPage, runStep } from './browser.mjs';

const { URL: url, WORK } = process.env;
const viewer = readFileSync(join(WORK, 'viewer.token'), 'utf8').trim();

const page = await openPage(/status of 40[01]|ERR_FAILED/);
const step = (name, work) => runStep(() => page, name, work);
const holds = () => page.locator('[data-testid=case-holds]').innerText();

await step('a viewer has no such button', async () => {
  const other = await openPage(/x^/);
  await other.goto(`${url}/#token=${viewer}`);
  await other.waitForSelector('tr[data-flow]');
  assert.equal(await other.locator('#case').count(), 0);
  assert.equal(await other.locator('#download').count(), 1);
  await other.context().close();
});

await step('what it will hold, of the filter and time that are shown', async () => {
  await logIn(page, url, 'ann', 'correct horse battery');
  await page.fill('#filter', 'ip.addr == 10.66.0.1');
  await page.keyboard.press('Enter');
  await page.waitForURL(/filter=/);
  await page.focus('#case');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-testid=case-holds]:has-text("flow")');
  assert.match(await page.locator('dialog').innerText(), /ip\.addr == 10\.66\.0\.1/);
  assert.match(await holds(), /^1 flow with 10 packets \([\d.]+ (KiB|B) on the wire\), 2 transactions/);
  await checkAccess(page, 'a case');
});

await step('stopped: nothing is saved', async () => {
  let answer = () => {};
  await page.route('**/api/v1/case?*', (route) => new Promise((go) => (answer = go)).then(() => route.abort()));
  const files = [];
  page.on('download', (file) => files.push(file));
  await page.click('#case-make');
  await page.waitForSelector('[data-testid=case-progress]');
  assert.equal(await page.locator('#case-make').isDisabled(), true);
  await page.keyboard.press('Escape'); // does not throw away what runs
  await page.click('button:has-text("Stop")');
  await page.waitForSelector('text=Stopped. Nothing was saved.');
  answer();
  await page.unroute('**/api/v1/case?*');
  assert.equal(files.length, 0);
});

await step('an answer that breaks off is no case', async () => {
  await page.route('**/api/v1/case?*', (route) => route.abort());
  await page.click('#case-make');
  await page.waitForSelector('dialog [role=alert]:has-text("does not answer")');
  await page.unroute('**/api/v1/case?*');
});

await step('made, downloaded, and how to check it', async () => {
  await page.fill('#case-note', 'incident 7 <b>for</b> the CERT');
  const [file] = await Promise.all([page.waitForEvent('download'), page.click('#case-make')]);
  assert.match(file.suggestedFilename(), /^tapiary-case-[\dT-]+\.zip$/);
  await file.saveAs(join(WORK, 'case.zip'));
  await page.waitForSelector(`[role=status]:has-text("Saved as ${file.suggestedFilename()}")`);
  assert.ok(statSync(join(WORK, 'case.zip')).size > 1000);
  const command = await page.locator('dialog code').first().innerText();
  assert.match(command, new RegExp(`^tapiary verify ${file.suggestedFilename()} --key [0-9a-f]{64}$`));
  writeFileSync(join(WORK, 'case.key'), command.split(' ').at(-1));
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.click('button:has-text("Copy the command")');
  await page.waitForSelector('text=Copied.');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), command);
  await checkAccess(page, 'a case that is made');
  await checkKeys(page, 'a case that is made');
  await page.screenshot({ path: join(WORK, 'case.png') });
});

await step('closed by a key, and the focus is where it was', async () => {
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', { state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement.id), 'case');
});

await step('nothing found: it says so', async () => {
  await page.fill('#filter', 'ip.addr == 192.0.2.77');
  await page.keyboard.press('Enter');
  await page.waitForURL(/192\.0\.2\.77/);
  await page.click('#tab-sessions');
  await page.click('#case');
  await page.waitForSelector('text=Nothing was found, so the case would be empty.');
});

await browser.close();
assert.deepEqual(complaints, [], 'the browser complained');
