// The chunk for readers who write or act. It borrows its tools from the widget
// (as the app's own) and adds its own styles when it is first loaded.
import type { App } from './app'
import css from './composer.css'

export { compose, change as edit } from './editor'
export { ask as report } from './report'
export { retract as delete } from './retract'
export { vote } from './vote'

const sheet = new CSSStyleSheet()
sheet.replaceSync(css)

/** To be called once for each widget before any other function of this chunk. */
export function prepare(app: App) {
  app.host.shadowRoot!.adoptedStyleSheets.push(sheet)
}
