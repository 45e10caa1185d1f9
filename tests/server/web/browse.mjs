// browse.mjs: uses the page of a running collector as an analyst would, in Debian's Chromium.
// Environment: WEB_APP (folder with node_modules), URL, WORK (tokens, downloads, pictures).
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkAccess, checkKeys } from './access.mjs';
import { browser, complaints, openPage, runStep } from './browser.mjs';

const { URL: url, WORK } = process.env;
const token = readFileSync(join(WORK, 'viewer.token'), 'utf8').trim();

async function newPage(options) {
  const page = await openPage(/status of 40[01]/, options);
  page.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`));
  return page;
}

const step = (name, work) => runStep(() => page, name, work);

async function save(selector, name) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(selector)]);
  const path = join(WORK, name);
  await download.saveAs(path);
  assert.ok(statSync(path).size > 100, `${name} is empty`);
  return download.suggestedFilename();
}

const page = await newPage();

await step('a wrong token stays outside', async () => {
  await page.goto(url);
  await page.click('#other-way');
  await page.fill('#token', 'tap_wrong');
  await page.click('button:has-text("Log in")');
  await page.waitForSelector('[role=alert]');
  assert.equal(await page.locator('#filter').count(), 0);
  await checkAccess(page, 'the login with a token');
  await checkKeys(page, 'the login with a token');
});

await step('the viewer token lets in', async () => {
  await page.fill('#token', token);
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-sensor="plant-x"]');
  const cookies = await page.context().cookies();
  assert.ok(cookies.length > 0 && cookies.every((cookie) => cookie.httpOnly && cookie.secure));
});

await step('flows are listed', async () => {
  await page.waitForSelector('tr[data-flow]');
  assert.match(await page.locator('#rows').innerText(), /modbus/);
  assert.match(await page.locator('[data-sensor="plant-x"]').innerText(), /packets stored/);
  await page.waitForSelector('.plot canvas');
  await checkAccess(page, 'flows');
});

await step('a wrong filter is shown where it is wrong, and repaired', async () => {
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'filter');
  await page.fill('#filter', 'tcp && ip.adr == 10.66.0.1');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-testid=filter-error] mark');
  assert.equal(await page.locator('[data-testid=filter-error] mark').innerText(), 'ip.adr');
  await checkAccess(page, 'a wrong filter');
  await page.click('button:has-text("Use ip.addr")');
  await page.waitForSelector('tr[data-flow]:only-child');
  assert.match(page.url(), /filter=/);
});

await step('the pcap of the filter is downloaded', async () => {
  assert.match(await save('#download', 'filter.pcapng'), /^tapiary-[\w-]+\.pcapng$/);
});

await step('a filter is completed by keyboard', async () => {
  await page.click('button:has-text("Clear")');
  await page.focus('#filter');
  await page.keyboard.type('serv');
  await page.waitForSelector('#filter-choices li:has-text("service")');
  await checkAccess(page, 'completion');
  await page.screenshot({ path: join(WORK, 'completion.png') });
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  assert.equal(await page.inputValue('#filter'), 'service ');
  await page.keyboard.type('== mod');
  await page.waitForSelector('#filter-choices li:has-text("modbus")');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  assert.match(await page.inputValue('#filter'), /^service == "?modbus"? $/);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('#filter-choices').isVisible(), false);
  await page.keyboard.press('Enter');
  await page.waitForURL(/filter=service/);
});

await step('the largest groups become the filter', async () => {
  await page.click('summary:has-text("Largest groups")');
  await page.selectOption('#top-field', 'ip.src');
  await page.waitForSelector('#top tbody tr:has-text("10.66.0.5")');
  await checkAccess(page, 'the largest groups');
  await page.screenshot({ path: join(WORK, 'top.png') });
  await page.click('#top tbody tr:has-text("10.66.0.5") button:has-text("only")');
  await page.waitForSelector('tr[data-flow]:only-child');
  assert.ok((await page.inputValue('#filter')).endsWith('&& ip.src == 10.66.0.5'));
  await page.waitForSelector('#top tbody tr:only-child');
});

await step('commands say who did what', async () => {
  await page.click('#tab-commands');
  await page.waitForSelector('#rows td:has-text("write_single_register")');
  const row = await page.locator('#rows tbody tr').first().innerText();
  await checkAccess(page, 'commands');
  for (const part of ['10.66.0.5:41000', '10.66.0.1:502', '1234', '40']) assert.ok(row.includes(part), part);
});

await step('CO-01: what a device says of itself is text', async () => {
  await page.click('#tab-transactions');
  await page.waitForSelector('#rows td:has-text("<img src=x onerror=")');
  const text = await page.locator('#rows').innerText();
  assert.ok(text.includes('<script>window.hacked=1</script>{{7*7}}javascript:alert(1)'));
  assert.ok(text.includes('\\x00\\x1b[31m'), 'control bytes are not escaped');
  await checkAccess(page, 'transactions');
});

await step('CO-01: what an attacker types is text', async () => {
  await page.click('button:has-text("Clear")');
  await page.click('#tab-events');
  await page.waitForSelector('#rows td:has-text("<svg onload=")');
  await page.selectOption('#top-field', 'event.user');
  await page.click('#top tbody tr:has-text("<svg onload=") button:has-text("only")');
  await page.waitForSelector('#rows td:has-text("<svg onload=")');
  assert.equal(await page.locator('#rows tbody tr').count(), 1);
  await page.click('button:has-text("Fields")');
  await page.waitForSelector('.field-help td');
  await checkAccess(page, 'events and the list of fields');
  await checkKeys(page, 'events and the list of fields');
  await page.click('button:has-text("Fields")');
  await page.click('button:has-text("Clear")');
});

await step('a text without end leaves the table readable', async () => {
  const isOneOfMany = async (selector) => {
    const { height } = await page.locator(selector).first().boundingBox();
    assert.ok(height < 150, `${selector} is ${height} pixels high`);
  };
  await page.fill('#filter', 'event.session == "long"');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#rows td:has-text("wget AAA")');
  await isOneOfMany('#rows tbody tr');
  await page.waitForSelector('#top tbody tr:has-text("uuuu")');
  await isOneOfMany('#top tbody tr');
  await page.click('#rows tbody tr');
  await page.click('[role=dialog] summary:has-text("record")');
  await page.waitForSelector('[role=dialog] :text("of the whole record")');
  await checkAccess(page, 'the session of an event');
  await page.keyboard.press('Escape');
  await page.click('button:has-text("Clear")');
});

await step('CO-01: no element came of it', async () => {
  const made = await page.evaluate(() => ({
    hacked: window.hacked,
    images: document.querySelectorAll('img, svg, iframe, object, embed').length,
    scripts: document.querySelectorAll('script:not([src])').length,
  }));
  assert.deepEqual(made, { hacked: undefined, images: 0, scripts: 0 });
});

await step('a flow opens by keyboard and gives its pcap', async () => {
  await page.click('#tab-flows');
  await page.waitForSelector('tr[data-flow]');
  await page.locator('tr[data-flow]').first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[role=dialog] dl');
  assert.match(await page.locator('[role=dialog]').innerText(), /community_id/);
  await checkAccess(page, 'a flow');
  assert.match(await save('#flow-pcap', 'flow.pcapng'), /^tapiary-flow-plant-x\.[\w.]+\.pcapng$/);
  await page.screenshot({ path: join(WORK, 'details.png') });
  await page.keyboard.press('Escape');
  await page.waitForSelector('[role=dialog]', { state: 'detached' });
});

await step('light and dark', async () => {
  await page.screenshot({ path: join(WORK, 'light.png') });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.waitForSelector('html[data-bs-theme=dark]');
  await page.click('#tab-commands');
  await page.waitForSelector('#rows td:has-text("write_")');
  await page.screenshot({ path: join(WORK, 'dark.png') });
});

await step('logging out ends the session', async () => {
  await page.click('button:has-text("Log out")');
  await page.waitForSelector('#password');
  await page.goto(url);
  await page.waitForSelector('#password');
});

await step('a link with a token logs in once and forgets it', async () => {
  const other = await newPage();
  await other.goto(`${url}/#token=${token}`);
  await other.waitForSelector('[data-sensor="plant-x"]');
  assert.equal(new URL(other.url()).hash, '');
  assert.ok(!(await other.content()).includes(token));
});

await browser.close();
assert.deepEqual(complaints, [], 'the browser complained');
