// A vote shows at once and is taken back when the server does not take it.
import type { App } from './app'
import type { Item } from './comment'
import type { Votes } from './types'

/** Votes up or down; the same again takes the vote back. */
export function vote(app: App, item: Item, wanted: 1 | -1) {
  const { id, votes } = item.c
  return app.busy(app, item.article, async () => {
    const mine = app.memory.all('votes')[id]?.value ?? 0
    const value = mine === wanted ? 0 : wanted
    const by = (way: number) => Number(value === way) - Number(mine === way)
    show(app, item, { up: votes.up + by(1), down: votes.down + by(-1) }, value)
    try {
      const got = await app.api<{ votes: Votes; value: number }>(`comments/${id}/vote`, { method: 'PUT', body: { value } })
      show(app, item, got.votes, got.value)
      app.emit(app, 'voted', { id, value: got.value })
    } catch (problem) {
      show(app, item, votes, mine)
      throw problem
    }
  })
}

/** Draws the two buttons anew where they stand, keeping the focus. */
function show(app: App, item: Item, votes: Votes, value: number) {
  item.c.votes = votes
  app.memory.keep('votes', item.c.id, value ? { value } : undefined)
  for (const way of ['up', 'down'] as const) {
    const old = item.article.querySelector('.' + way)!
    const fresh = app.vote(app, item, way)
    const focused = old.matches(':focus')
    old.replaceWith(fresh)
    if (focused) fresh.focus()
  }
}
