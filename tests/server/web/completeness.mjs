// completeness.mjs: the page of completeness of a running collector, in Debian's Chromium. There are
// an administrator "ann" with the password "correct horse battery" and the sensors lossy-1, whole-1
// and plant-x; what the first two account for is sent here.
// Environment: WEB_APP (folder with node_modules), URL, WORK (tokens, pictures), CHROMIUM;
// NODE_TLS_REJECT_UNAUTHORIZED=0.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkAccess, checkKeys } from './access.mjs';
import { browser, complaints, logIn, openPage, runStep } from './browser.mjs';
import { hourMs, ledgerOf, sendFacts } from './facts.mjs';

const { URL: url, WORK } = process.env;
const tokenOf = (name) => readFileSync(join(WORK, `${name}.token`), 'utf8').trim();

// Whole hours before the one that runs.
const thisHour = Math.floor(Date.now() / hourMs) * hourMs;
const before = (hours) => thisHour - hours * hourMs;
const nameOf = (ms) => new Date(ms).toISOString().slice(0, 13);
const hostile = '<img src=x onerror=window.hacked=1>\u202e';

const losses = new Map([
  [before(4), { kernel: 1234, [hostile]: 7 }],
  [before(14), { 'storage-backlog': 3 }],
]);
const missed = new Map([[before(2), 40_000]]);
await sendFacts(tokenOf('lossy'), before(20), ledgerOf(before(20), before(10), losses, missed));
const dropped = [{ ms: before(5) + 1000, packets: 50, reason: 'spool-full' }];
await sendFacts(tokenOf('lossy'), before(7), ledgerOf(before(7), before(1), losses, missed), dropped);
await sendFacts(tokenOf('whole'), before(26), ledgerOf(before(26), Date.now()));

// A capture with one packet, as curl sends it.
const pcap = Buffer.alloc(24 + 16 + 60);
pcap.writeUInt32LE(0xa1b2c3d4, 0);
pcap.writeUInt16LE(2, 4);
pcap.writeUInt16LE(4, 6);
pcap.writeUInt32LE(65_535, 16);
pcap.writeUInt32LE(1, 20);
pcap.writeUInt32LE(before(4) / 1000, 24);
pcap.writeUInt32LE(60, 32);
pcap.writeUInt32LE(60, 36);
const uploaded = await fetch(`${url}/api/v1/ingest/pcap`, { method: 'POST', body: pcap, headers: { Authorization: `Bearer ${tokenOf('lossy')}` } });
assert.equal(uploaded.status, 201, await uploaded.text());

const page = await openPage(/status of 40[01]/);
const step = (name, work) => runStep(() => page, name, work);
const account = (sensor) => page.locator(`[data-account="${sensor}"]`);
const cells = (ms) => page.locator(`tr[data-hour="${nameOf(ms)}"] td`).allInnerTexts();

await step('every sensor says whether something was lost', async () => {
  await logIn(page, url, 'ann', 'correct horse battery');
  await page.click('#completeness');
  await page.waitForSelector('[data-account="lossy-1"]');
  const lossy = await account('lossy-1').innerText();
  assert.match(lossy, /1,244 packets lost, 2\.1 % of those offered, in 2 hours: 1,234 kernel, 7 <img src=x onerror=window\.hacked=1>\\u202e, 3 storage-backlog\./);
  assert.match(lossy, /50 packets recorded, but dropped by the sensor before delivery: 50 spool-full/);
  assert.match(lossy, /1 packet came with uploaded captures, of whose losses nobody tells\./);
  assert.match(lossy, /Silent since \d{4}-/);
  assert.match(lossy, /About \d+ packets .* never came out of the switch's mirror/);
  assert.match(await account('whole-1').innerText(), /Nothing was lost\./);
  assert.match(await account('plant-x').innerText(), /No account in this time, so nothing is known of losses/);
  assert.equal(await page.locator('[data-account]').first().getAttribute('data-account'), 'lossy-1', 'the worst is not first');
  const strip = await account('lossy-1').locator('svg').getAttribute('aria-label');
  assert.match(strip, /3 with loss, \d+ with silence, 1 not wholly mirrored, \d+ whole/);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await page.locator('img').count(), 0);
  await checkAccess(page, 'completeness of all sensors');
  await page.screenshot({ path: join(WORK, 'completeness.png') });
});

await step('the hours of one, with what was lost and why', async () => {
  await page.click('button:has-text("its hours: lossy-1")');
  await page.waitForSelector('tr[data-hour]');
  await page.waitForSelector('section[aria-label="Hours of lossy-1"] canvas');
  assert.equal(await page.locator('[data-account]').count(), 1);
  const lost = await cells(before(4));
  assert.equal(lost[1], '1,241');
  assert.match(lost[2], /^1,234 kernel, 7 <img src=x onerror=window\.hacked=1>/);
  assert.deepEqual(lost.slice(4, 8), ['no', '4,841', '3,240', '360']);
  assert.equal(lost[10], '1');
  const fell = await cells(before(5));
  assert.deepEqual(fell.slice(1, 3), ['50', '50 spool-full (dropped later)']);
  const leaky = await cells(before(2));
  assert.deepEqual([leaky[1], leaky[3]], ['0', 'about 444']);
  const silent = await cells(before(9));
  assert.deepEqual([silent[1], silent[4], silent[5]], ['–', 'all of it', '–']);
  await page.click('#only-troubled');
  assert.equal(await page.locator(`tr[data-hour="${nameOf(before(6))}"]`).count(), 0);
  assert.equal(await page.locator(`tr[data-hour="${nameOf(before(9))}"]`).count(), 1);
  await page.click('#only-troubled');
  await checkAccess(page, 'completeness of a sensor');
  await checkKeys(page, 'completeness of a sensor');
  await page.screenshot({ path: join(WORK, 'completeness-sensor.png') });
});

await step('each statement is signed, and one that was changed is told', async () => {
  await page.waitForSelector(`tr[data-hour="${nameOf(before(4))}"] td:last-child:has-text("good")`);
  assert.equal(await page.locator('tr[data-hour] td:last-child:not(:has-text("good"))').count(), 0);
  const change = async (route) => {
    const answer = await route.fetch();
    const json = await answer.json();
    json.items[3].lost = { kernel: 1 };
    await route.fulfill({ response: answer, json });
  };
  await page.route('**/api/v1/completeness?*', change);
  await page.click('button:has-text("Refresh")');
  await page.waitForSelector('[role=alert]:has-text("1 of these statements do")');
  assert.equal(await page.locator('tr[data-hour] td:last-child:has-text("wrong")').count(), 1);
  await page.unroute('**/api/v1/completeness?*', change);
  await page.click('button:has-text("Refresh")');
  await page.waitForSelector('[role=alert]', { state: 'detached' });
});

await step('a week has all its hours', async () => {
  await page.selectOption('#hours-span', '7d');
  await page.waitForSelector(`tr[data-hour="${nameOf(before(160))}"]`);
  assert.ok((await page.locator('tr[data-hour]').count()) >= 168);
});

await step('an hour leads to its flows', async () => {
  await page.click(`tr[data-hour="${nameOf(before(6))}"] a`);
  await page.waitForSelector('#filter');
  assert.equal(await page.inputValue('#filter'), 'sensor == "lossy-1"');
  assert.equal(await page.inputValue('#from'), `${nameOf(before(6))}:00:00.000000000Z`);
  await page.waitForSelector('text=Nothing in this time window matches the filter.');
  assert.match(page.url(), /clock=sensor/);
});

await step('a reload and the back button keep sensor and span', async () => {
  await page.goBack();
  await page.waitForSelector(`tr[data-hour="${nameOf(before(160))}"]`);
  assert.match(page.url(), /\?completeness&sensor=lossy-1&span=7d$/);
  await page.reload();
  await page.waitForSelector(`tr[data-hour="${nameOf(before(160))}"]`);
  assert.equal(await page.inputValue('#hours-sensor'), 'lossy-1');
  assert.equal(await page.inputValue('#hours-span'), '7d');
  await page.goBack();
  await page.waitForSelector(`tr[data-hour="${nameOf(before(160))}"]`, { state: 'detached' });
  await page.goBack();
  await page.waitForSelector('[data-account="whole-1"]');
  assert.match(page.url(), /\?completeness$/);
});

await browser.close();
assert.deepEqual(complaints, [], 'the browser complained');
