// Vite plugin: writes LICENSES.txt with the licence text of every npm package that is in the bundle.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

const packageFolder = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//;

function notice(folder: string): string {
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  const text = file ? readFileSync(join(folder, file), 'utf8') : '';
  return `${about.name} ${about.version} (${about.license})\n\n${text.trim()}\n`;
}

export function licenses(): Plugin {
  return {
    name: 'tapiary-licenses',
    apply: 'build',
    generateBundle() {
      const folders = new Set<string>();
      for (const id of this.getModuleIds()) {
        const folder = packageFolder.exec(id.replace(/^\0/, ''))?.[1];
        if (folder && existsSync(join(folder, 'package.json'))) folders.add(folder);
      }
      const notices = [...folders].sort().map(notice);
      const source = notices.join(`\n${'-'.repeat(72)}\n\n`);
      this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source });
    },
  };
}
