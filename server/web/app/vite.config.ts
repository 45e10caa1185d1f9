import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { licenses } from './licenses.ts';

// The page is served by the collector under a policy of 'self' only, so nothing is inlined.
export default defineConfig({
  plugins: [svelte(), licenses()],
  build: {
    target: 'es2022',
    outDir: 'dist',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': { target: 'https://localhost:8443', secure: false } } },
});
