// alerts.mjs: alerts, rules and sessions in the page of a running collector, in Debian's Chromium.
// There is an administrator "ann" with the password "correct horse battery", and what
// hostile_pcap.mjs makes is stored.
// Environment: WEB_APP (folder with node_modules), URL, WORK (tokens, pictures), CHROMIUM,
// SIEM_PORT (where the target "siem" sends; "inner" is a webhook to an inner address);
// NODE_TLS_REJECT_UNAUTHORIZED=0, for events that are sent meanwhile.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { checkAccess, checkKeys } from './access.mjs';
import { browser, complaints, logIn, openPage, runStep } from './browser.mjs';

const { URL: url, WORK, SIEM_PORT } = process.env;
const tokenOf = (name) => readFileSync(join(WORK, `${name}.token`), 'utf8').trim();

const newPage = () => openPage(/status of (40[019]|429)/);

const step = (name, work) => runStep(() => ann, name, work);

async function sendEvent(fields) {
  const event = {
    eventid: 'cowrie.login.success', src_ip: '10.66.0.5', src_port: 41000, dst_ip: '10.66.0.1', dst_port: 502,
    username: 'root', password: 'x', session: 'a1', ...fields,
  };
  const answer = await fetch(`${url}/api/v1/ingest/events`, {
    method: 'POST', body: JSON.stringify(event), headers: { Authorization: `Bearer ${tokenOf('sensor')}` },
  });
  assert.equal(answer.status, 201);
}

// The page's policy forbids the functions that playwright would wait by.
async function waitForAlerts(wanted) {
  const end = Date.now() + 15_000;
  while ((await ann.locator('[data-alert]').count()) !== wanted) {
    assert.ok(Date.now() < end, `there are not ${wanted} alerts`);
    await ann.waitForTimeout(100);
  }
}

// What a screen reader could not name, and ids that are there twice.
async function checkNames(where) {
  const wrong = await ann.evaluate(() => {
    const visible = (element) => element.getClientRects().length > 0;
    const named = (element) =>
      element.getAttribute('aria-label') || element.innerText?.trim() || element.labels?.length || element.title;
    const nameless = [...document.querySelectorAll('button, a, input, select, textarea, [role=dialog], form.card')]
      .filter((element) => visible(element) && !named(element))
      .map((element) => element.outerHTML.slice(0, 120));
    const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
    const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
    const lost = [...document.querySelectorAll('[aria-describedby], [aria-controls], [aria-labelledby]')].flatMap((element) =>
      ['aria-describedby', 'aria-controls', 'aria-labelledby']
        .flatMap((name) => element.getAttribute(name)?.split(' ') ?? [])
        .filter((id) => !document.getElementById(id)),
    );
    return [...nameless, ...twice, ...lost];
  });
  assert.deepEqual(wrong, [], where);
}

const ann = await newPage();

await step('an administrator comes to the alerts', async () => {
  await logIn(ann, url, 'ann', 'correct horse battery');
  await ann.click('#alerts');
  await ann.waitForSelector('[role=status]:has-text("live")');
  await ann.waitForSelector('text=No open alerts.');
  assert.match(ann.url(), /\?alerts/);
});

await step('a rule: its filter is wrong, is repaired, tried and saved', async () => {
  await ann.click('#page-rules');
  await ann.waitForSelector('text=No rules yet');
  await ann.click('button:has-text("New rule")');
  await ann.fill('#rule-name', 'root let in <b>{{7*7}}</b>');
  await ann.selectOption('#rule-severity', 'high');
  await ann.fill('#rule-filter', 'event.usr == "root"');
  await ann.fill('#rule-note', '<img src=x onerror=window.hacked=1> call the plant');
  await ann.fill('#rule-cooldown', '0s');
  await ann.click('button:has-text("Try on")');
  await ann.waitForSelector('#rule-filter-error mark:has-text("event.usr")');
  await ann.click('button:has-text("Use event.user")');
  assert.equal(await ann.inputValue('#rule-filter'), 'event.user == "root"');
  await ann.click('button:has-text("Try on")');
  await ann.waitForSelector('[data-testid=trial]:has-text("0 matches")');
  await checkAccess(ann, 'a rule');
  await checkKeys(ann, 'a rule');
  await checkNames('a rule');
  await ann.screenshot({ path: join(WORK, 'rule.png') });
  await ann.click('button:has-text("Save")');
  await ann.waitForSelector('[data-rule]:has-text("event.user == \\"root\\"")');
});

await step("a rule's filter is completed by keyboard, with the fields of all tables", async () => {
  await ann.click('[data-rule] button:has-text("Edit")');
  await ann.fill('#rule-filter', '');
  await ann.focus('#rule-filter');
  await ann.keyboard.type('event.us');
  await ann.waitForSelector('#rule-filter-choices li:has-text("event.user")');
  await ann.keyboard.press('ArrowDown');
  await ann.keyboard.press('Enter');
  assert.equal(await ann.inputValue('#rule-filter'), 'event.user ');
  await ann.keyboard.type('== "root" && operation == "write_s');
  await ann.waitForSelector('#rule-filter-choices li:has-text("write_single_register")');
  await ann.keyboard.press('ArrowDown');
  await ann.keyboard.press('Tab');
  assert.equal(await ann.inputValue('#rule-filter'), 'event.user == "root" && operation == write_single_register ');
  await ann.keyboard.press('Escape'); // closes the choices, not the form
  await ann.click('button:has-text("Cancel")');
  await ann.waitForSelector('#rule-filter', { state: 'detached' });
});

await step('a condition has other fields', async () => {
  await ann.click('button:has-text("New rule")');
  await ann.fill('#rule-name', 'silent');
  await ann.selectOption('#rule-when', 'sensor-silent');
  assert.equal(await ann.locator('#rule-filter').count(), 0);
  await ann.fill('#rule-after', '1h');
  await ann.click('button:has-text("Save")');
  await ann.waitForSelector('[data-rule]:has-text("sensor-silent")');
  await ann.click('[data-rule]:has-text("sensor-silent") button:has-text("Delete")');
  await ann.click('button:has-text("Yes, delete it")');
  await ann.waitForSelector('[data-rule]:has-text("sensor-silent")', { state: 'detached' });
});

await step('an alert comes by itself, and its text is text', async () => {
  await ann.click('#page-alerts');
  await ann.waitForSelector('text=No open alerts.');
  const sent = Date.now();
  await sendEvent({});
  await ann.waitForSelector('[data-alert]');
  const took = Date.now() - sent;
  console.log(`on the page ${took} ms after it was sent`);
  assert.ok(took < 5000, 'it is not live');
  const text = await ann.locator('[data-alert]').innerText();
  for (const part of ['HIGH', 'root let in <b>{{7*7}}</b>', '10.66.0.5 → 10.66.0.1:502', '<img src=x onerror=window.hacked=1>']) {
    assert.ok(text.includes(part), `${part} is not in ${text}`);
  }
  assert.equal(await ann.title(), '(1) Tapiary');
  const made = await ann.evaluate(() => ({ hacked: window.hacked, images: document.querySelectorAll('img').length }));
  assert.deepEqual(made, { hacked: undefined, images: 0 });
  await checkNames('alerts');
  await checkAccess(ann, 'alerts');
  await checkKeys(ann, 'alerts');
  await ann.screenshot({ path: join(WORK, 'alerts.png') });
});

await step('its session says what was never logged', async () => {
  await ann.click('button:has-text("Its session")');
  await ann.waitForSelector('[role=dialog] [data-kind=event]');
  assert.match(await ann.locator('[data-testid=unlogged]').innerText(), /never logged:.*command/s);
  await ann.click('#one-sided');
  const seen = await ann.locator('[role=dialog] tbody tr td:nth-child(2)').allInnerTexts();
  assert.ok(seen.length > 0 && seen.every((text) => /wire only|log only/.test(text)), seen.join());
  await checkNames('a session');
  await checkAccess(ann, 'a session');
  await ann.screenshot({ path: join(WORK, 'session.png') });
  await ann.locator('[role=dialog] [data-kind=transaction]').first().press('Enter');
  await ann.waitForSelector('[role=dialog] #flow-pcap');
  await ann.keyboard.press('Escape');
  await ann.waitForSelector('#flow-pcap', { state: 'detached' });
  await ann.keyboard.press('Escape');
  await ann.waitForSelector('[role=dialog]', { state: 'detached' });
});

await step('a viewer sees it and may not acknowledge', async () => {
  const viewer = await newPage();
  await viewer.goto(`${url}/?alerts#token=${tokenOf('viewer')}`);
  await viewer.waitForSelector('[data-alert]');
  assert.equal(await viewer.locator('button:has-text("Acknowledge")').count(), 0);
  await viewer.click('#page-rules');
  await viewer.waitForSelector('[data-rule]');
  assert.equal(await viewer.locator('[data-rule] button').count(), 0);
  await viewer.context().close();
});

await step('acknowledged: who, when and why', async () => {
  await sendEvent({ session: 'a2' });
  await waitForAlerts(2);
  await ann.locator('[data-alert] input').last().fill('the plant knows');
  await ann.locator('[data-alert] button:has-text("Acknowledge")').last().click();
  await waitForAlerts(1);
  await ann.selectOption('#alert-state', 'acknowledged');
  await ann.waitForSelector('[data-alert]:has-text("Acknowledged by ann")');
  assert.match(await ann.locator('[data-alert]').innerText(), /the plant knows/);
  await ann.selectOption('#alert-state', 'open');
  await sendEvent({ session: 'a3' }); // at once they would be one alert
  await waitForAlerts(2);
  await sendEvent({ session: 'a4' });
  await waitForAlerts(3);
  await ann.click('button:has-text("Acknowledge all 3 shown")');
  await ann.click('button:has-text("Yes, acknowledge these 3")');
  await ann.waitForSelector('text=No open alerts.');
});

await step('messages: a target gets a test', async () => {
  const got = [];
  const siem = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('data', (data) => got.push(String(data)));
    socket.on('end', () => socket.end());
  });
  await new Promise((ready) => siem.listen(Number(SIEM_PORT), '127.0.0.1', ready));
  await ann.click('#page-messages');
  await ann.click('[data-target=siem] button:has-text("Send a test")');
  await ann.waitForSelector('[data-testid=tested]:has-text("siem took a test message after")');
  assert.match(got.join(''), /a test message, sent by ann/);
  await ann.click('[data-target=siem] button:has-text("Send a test")');
  await ann.waitForSelector('[role=alert]:has-text("this target was tested just now")');
  siem.close();
});

await step('CO-10: an inner address gets none, and it says so', async () => {
  await ann.click('[data-target=inner] button:has-text("Send a test")');
  await ann.waitForSelector('[data-testid=tested]:has-text("inner did not take it")');
  assert.match(await ann.locator('[data-testid=tested]').innerText(), /127\.0\.0\.1/);
  assert.ok(!(await ann.content()).includes('hidden-path'), 'the path may be a secret');
  await checkAccess(ann, 'messages');
  await checkKeys(ann, 'messages');
  await ann.screenshot({ path: join(WORK, 'targets.png') });
});

await step('messages: nobody is named, and it says so', async () => {
  await ann.route('**/api/v1/alerts/targets', (route) => route.fulfill({ json: { items: [], next: null } }));
  await ann.click('#page-alerts');
  await ann.click('#page-messages');
  await ann.waitForSelector('text=None: alerts are on this page only.');
  await ann.unroute('**/api/v1/alerts/targets');
});

await step('sessions are listed among the traffic', async () => {
  await ann.click('#traffic');
  await ann.click('#tab-sessions');
  await ann.waitForSelector('[data-session]');
  assert.ok((await ann.locator('[data-session]').count()) >= 4);
  await ann.click('#wire');
  await ann.waitForSelector('th:has-text("Never logged")');
  await ann.waitForSelector('[data-session]:has-text("1 command")');
  await checkNames('sessions');
  await checkAccess(ann, 'sessions');
  await checkKeys(ann, 'sessions');
  await ann.screenshot({ path: join(WORK, 'sessions.png') });
  await ann.locator('[data-session]').first().press('Enter');
  await ann.waitForSelector('[role=dialog] [data-kind]');
});

await browser.close();
assert.deepEqual(complaints, [], 'the browser complained');
