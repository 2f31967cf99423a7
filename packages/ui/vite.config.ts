import { defineConfig } from 'vite'

/** The page is built into files that the local server hands out; nothing is loaded from elsewhere. */
export default defineConfig({
  root: 'src/page',
  base: './',
  resolve: { conditions: ['@countersign/source', 'browser', 'module', 'import', 'default'] },
  build: { outDir: '../../dist/page', emptyOutDir: true, modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
})
