// audit.mjs: the page of the audit of a running collector, in Debian's Chromium. There are an
// administrator "ann" with the password "correct horse battery" and stored flows.
// Environment: WEB_APP (folder with node_modules), URL, WORK (tokens, pictures), CHROMIUM;
// NODE_TLS_REJECT_UNAUTHORIZED=0.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkAccess, checkKeys } from './access.mjs';
import { browser, complaints, logIn, openPage, runStep } from './browser.mjs';

const { URL: url, WORK } = process.env;
const viewer = readFileSync(join(WORK, 'viewer.token'), 'utf8').trim();
const hostile = 'http.uri contains "<img src=x onerror=window.hacked=1>&=%?#+é"';
const downloads = 110;

async function ask(path) {
  const answer = await fetch(`${url}/api/v1/${path}`, { headers: { Authorization: `Bearer ${viewer}` } });
  assert.equal(answer.status, 200);
  return answer;
}
await ask(`flows?last=7d&filter=${encodeURIComponent(hostile)}`);
const flow = (await (await ask('flows?limit=1')).json()).items[0].id;
for (let i = 0; i < downloads; ++i) await (await ask(`flows/${flow}/pcap`)).arrayBuffer();

const page = await openPage(/status of 40[01]/);
const step = (name, work) => runStep(() => page, name, work);
const column = (number) => page.locator(`tr[data-audit] td:nth-child(${number})`).allInnerTexts();
const rowCount = () => page.locator('tr[data-audit]').count();
const reloaded = () => page.waitForSelector('[aria-busy=false] tr[data-audit]');

await step('who did what, newest first', async () => {
  await logIn(page, url, 'ann', 'correct horse battery');
  await page.click('#audit');
  await page.waitForSelector('tr[data-audit]');
  const ids = await page.locator('tr[data-audit]').evaluateAll((rows) => rows.map((row) => Number(row.dataset.audit)));
  assert.deepEqual(ids, [...ids].sort((a, b) => b - a));
  await page.waitForSelector('tr[data-audit]:has-text("ann"):has-text("login")');
  await checkAccess(page, 'audit');
});

await step('pages of downloads, each with its end', async () => {
  await page.selectOption('#audit-action', 'download');
  await page.click('tr[data-audit]:has-text("(analyst)") button[title="Only of this one"]');
  await reloaded();
  assert.equal(await rowCount(), 100);
  assert.ok((await column(4)).every((action) => action === 'download'));
  assert.ok((await column(2)).every((actor) => actor.endsWith('(analyst)')), 'another one did it');
  assert.match((await column(5))[0], new RegExp(`flows/${flow.replaceAll('.', '\\.')}/pcap`));
  assert.match((await column(7))[0], /KiB|B whole/);
  await page.click('button:has-text("Older rows")');
  await page.waitForSelector(`tr[data-audit]:nth-child(${downloads})`);
  const ids = await page.locator('tr[data-audit]').evaluateAll((rows) => rows.map((row) => row.dataset.audit));
  assert.equal(new Set(ids).size, ids.length, 'a row is there twice');
  await page.screenshot({ path: join(WORK, 'audit.png') });
});

await step('a reload and the back button keep what was asked for', async () => {
  await page.reload();
  await reloaded();
  assert.equal(await page.inputValue('#audit-action'), 'download');
  assert.match(await page.inputValue('#audit-actor'), /\(analyst\)$/);
  assert.ok((await column(2)).every((actor) => actor.endsWith('(analyst)')), 'another one did it');
  await page.goBack();
  await page.waitForFunction(() => document.querySelector('#audit-actor').value === '');
  assert.equal(await page.inputValue('#audit-action'), 'download');
  await page.goForward();
  await page.waitForFunction(() => document.querySelector('#audit-actor').value !== '');
});

await step('CO-01: a filter that was searched for is text', async () => {
  await page.selectOption('#audit-action', 'search');
  await page.waitForSelector('[data-testid=audit-filter]:has-text("<img src=x")');
  const shown = await page.locator('[data-testid=audit-filter]').allInnerTexts();
  assert.ok(shown.includes(hostile), shown.join('\n'));
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator('img').count(), 0);
});

await step('by address and time', async () => {
  await page.fill('#audit-peer', '192.0.2.1');
  await page.click('button:has-text("Show")');
  await page.waitForSelector('text=No such row.');
  await page.fill('#audit-peer', '127.0.0.1');
  await page.selectOption('#audit-span', '1h');
  await reloaded();
  await page.selectOption('#audit-span', 'between');
  await page.fill('#audit-from', '2001-01-01');
  await page.fill('#audit-to', '2001-01-02 9:30');
  await page.click('button:has-text("Show")');
  await page.waitForSelector('text=No such row.');
  await page.fill('#audit-to', 'yesterday');
  await page.click('button:has-text("Show")');
  await page.waitForSelector('[role=alert]:has-text("to")');
  await checkAccess(page, 'audit with an error');
  await checkKeys(page, 'audit with an error');
  await page.click('button:has-text("Clear")');
  await reloaded();
  assert.equal(await page.inputValue('#audit-actor'), '');
});

await step('as a file for others', async () => {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#audit-csv')]);
  await download.saveAs(join(WORK, 'audit.csv'));
  const lines = readFileSync(join(WORK, 'audit.csv'), 'utf8').split('\r\n');
  assert.match(lines[0], /^id,time,actor,action,detail,peer/);
  assert.ok(lines.length > downloads);
});

await step('for administrators only', async () => {
  const other = await openPage(/x^/);
  await other.goto(`${url}/?audit#token=${viewer}`);
  await other.waitForSelector('#filter');
  assert.equal(await other.locator('#audit').count(), 0);
  await other.context().close();
});

await browser.close();
assert.deepEqual(complaints, [], 'the browser complained');
