import { render } from 'preact'
import '../parts/style.css'
import { App } from './app.tsx'
import './page.css'

const root = document.getElementById('app')
if (root !== null) render(<App />, root)
