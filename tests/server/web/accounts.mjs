// accounts.mjs: users and tokens in the page of a running collector, in Debian's Chromium. There is
// an administrator "ann" with the password "correct horse battery".
// Environment: WEB_APP (folder with node_modules), URL, WORK (for pictures), CHROMIUM.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { checkAccess, checkKeys } from './access.mjs';
import { browser, complaints, logIn as logInTo, openPage } from './browser.mjs';

const { URL: url, WORK } = process.env;

const logIn = (page, name, password) => logInTo(page, url, name, password);
const newPage = () => openPage(/status of 40[0139]/);

async function step(name, work) {
  try {
    await work();
  } catch (error) {
    console.error(`FAILED: ${name}`);
    await ann.screenshot({ path: join(WORK, 'failed.png') });
    throw error;
  }
  console.log(`good: ${name}`);
}

const ann = await newPage();
const bob = await newPage();
let given = '';

await step('a wrong password stays outside', async () => {
  await logIn(ann, 'ann', 'wrong horse battery');
  await ann.waitForSelector('[role=alert]');
  await checkAccess(ann, 'the login');
  assert.equal(await ann.inputValue('#password'), '');
});

await step('the right one lets in, and the page says who it is', async () => {
  await logIn(ann, 'ann', 'correct horse battery');
  await ann.waitForSelector('#me:has-text("ann (admin)")');
  const cookies = await ann.context().cookies();
  assert.ok(cookies.every((cookie) => cookie.httpOnly && cookie.secure && cookie.sameSite === 'Strict'));
});

await step('an administrator makes a user', async () => {
  await ann.click('#account');
  await ann.fill('#user-name', 'bob');
  await ann.selectOption('#user-role', 'analyst');
  await ann.click('button:has-text("Make a user")');
  await ann.waitForSelector('tr[data-user=bob]');
  given = await ann.locator('[data-testid=once]').innerText();
  assert.match(given, /^[a-z2-9-]{23}$/);
  await checkAccess(ann, 'the account of an administrator');
  await checkKeys(ann, 'the account of an administrator');
  await ann.screenshot({ path: join(WORK, 'account.png') });
});

await step('who must give a new password', async () => {
  await logIn(bob, 'bob', given);
  await bob.fill('#old-password', given);
  await bob.fill('#new-password', 'staple of the horse');
  await bob.fill('#again-password', 'staple of a horse');
  await bob.click('button:has-text("Change password")');
  await bob.waitForSelector('[role=alert]');
  await checkAccess(bob, 'a new password');
  await bob.fill('#old-password', given);
  await bob.fill('#new-password', 'staple of the horse');
  await bob.fill('#again-password', 'staple of the horse');
  await bob.click('button:has-text("Change password")');
  await bob.waitForSelector('#me:has-text("bob (analyst)")');
});

await step('an analyst has tokens of his own and no users', async () => {
  await bob.click('#account');
  await bob.waitForSelector('#token-name');
  assert.equal(await bob.locator('#users-title').count(), 0);
  assert.deepEqual(await bob.locator('#token-scope option').allInnerTexts(), ['viewer', 'analyst']);
  await bob.fill('#token-name', '<b>script</b>');
  await bob.click('button:has-text("Make a token")');
  assert.match(await bob.locator('[data-testid=once]').innerText(), /^tap_/);
  await checkAccess(bob, 'the account of an analyst');
  await bob.click('button:has-text("Revoke")');
  await bob.waitForSelector('tr[data-token]', { state: 'detached' });
});

await step('disabled: the next click leads out', async () => {
  await ann.click('tr[data-user=bob] button:has-text("Disable")');
  await ann.waitForSelector('tr[data-user=bob]:has-text("disabled")');
  await bob.fill('#token-name', 'more');
  await bob.click('button:has-text("Make a token")');
  await bob.waitForSelector('#password');
});

await step('and out again', async () => {
  await ann.click('#traffic');
  await ann.waitForSelector('#filter');
  await ann.click('button:has-text("Log out")');
  await ann.waitForSelector('#password');
});

await browser.close();
assert.deepEqual(complaints, [], 'the browser complained');
