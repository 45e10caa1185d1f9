// axe.mjs: what axe-core finds against WCAG 2 A and AA in a page as it is now, in both colour
// schemes. Environment: WEB_APP (folder with node_modules).
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

export async function checkAccess(page, where) {
  const before = await page.evaluate(() => document.documentElement.dataset.bsTheme);
  const found = [];
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' }); // colours do not fade over
    await page.waitForSelector(`html[data-bs-theme=${colorScheme}]`);
    found.push(...(await violations(page)).map((one) => `${colorScheme}: ${textOf(one)}`));
  }
  await page.emulateMedia({ colorScheme: before });
  if (found.length > 0) throw new Error(`${where}:\n${found.join('\n')}`);
}
