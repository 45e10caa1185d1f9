// access.mjs: whether everybody can use a page as it is now: what axe-core finds against WCAG 2 A and
// AA in both colour schemes, whether it fits a width of 320 pixels (1.4.10), and whether the Tab key
// reaches what can be operated, visibly (2.1.1, 2.4.7). Environment: WEB_APP (folder with node_modules).
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const axe = readFileSync(createRequire(join(process.env.WEB_APP, 'package.json')).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

const textOf = ({ id, help, nodes }) => `${id}: ${help}\n${nodes.slice(0, 5).map((node) => `    ${node.html.slice(0, 160)}\n      ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ''}`).join('\n')}`;

async function violations(page) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe);
  const run = (values) => window.axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] });
  return (await page.evaluate(run, tags)).violations;
}

// The elements that stick out of a narrow page, unless a box of their own scrolls them.
function wide() {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const scrolled = (element) => element && (/auto|scroll|hidden/.test(getComputedStyle(element).overflowX) || scrolled(element.parentElement));
  return [...document.body.querySelectorAll('*')]
    .filter((element) => element.getBoundingClientRect().right > width + 1 && !scrolled(element.parentElement))
    .map((element) => `wider than 320 px: ${element.outerHTML.slice(0, 140)}`)
    .slice(0, 5);
}

export async function checkAccess(page, where) {
  const before = await page.evaluate(() => document.documentElement.dataset.bsTheme);
  const found = [];
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' }); // colours do not fade over
    await page.waitForSelector(`html[data-bs-theme=${colorScheme}]`);
    found.push(...(await violations(page)).map((one) => `${colorScheme}: ${textOf(one)}`));
  }
  await page.emulateMedia({ colorScheme: before });
  const size = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 800 });
  let over = await page.evaluate(wide);
  for (const end = Date.now() + 3000; over.length > 0 && Date.now() < end; over = await page.evaluate(wide)) {
    await page.waitForTimeout(50); // plots follow their box a little later
  }
  found.push(...over);
  await page.setViewportSize(size);
  if (found.length > 0) throw new Error(`${where}:\n${found.join('\n')}`);
}

// Where the focus is: a number of its own for each control, and whether it shows.
function focused() {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const style = getComputedStyle(element);
  const shows = style.outlineStyle !== 'none' || style.boxShadow !== 'none';
  return { at: (window.controls ?? []).indexOf(element), shows, html: element.outerHTML.slice(0, 120) };
}

// All that can be operated and is not left to arrow keys; of a modal dialog what is in it.
function findControls() {
  const root = document.querySelector('dialog[open]') ?? document;
  const all = root.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]');
  window.controls = [...all].filter(
    (element) => element.checkVisibility({ visibilityProperty: true }) && !element.disabled && element.getAttribute('tabindex') !== '-1',
  );
  document.activeElement?.blur();
  return window.controls.map((element) => element.outerHTML.slice(0, 120));
}

export async function checkKeys(page, where) {
  const controls = await page.evaluate(findControls);
  const seen = new Set();
  const hidden = [];
  for (let press = 0; press < controls.length + 10; ++press) {
    await page.keyboard.press('Tab');
    const now = await page.evaluate(focused);
    if (!now || now.at < 0) continue;
    if (!now.shows) hidden.push(`its focus does not show: ${now.html}`);
    seen.add(now.at);
  }
  const missed = controls.filter((_, index) => !seen.has(index)).map((html) => `Tab does not reach: ${html}`);
  const wrong = [...missed, ...hidden];
  if (wrong.length > 0) throw new Error(`${where}: of ${controls.length} controls\n${wrong.join('\n')}`);
}
