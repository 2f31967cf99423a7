import { defineConfig, mergeConfig } from 'vite'
import page from './vite.config.ts'

/** The console of the key server, built like the page. */
export default mergeConfig(page, defineConfig({ root: 'src/console', build: { outDir: '../../dist/console' } }))
