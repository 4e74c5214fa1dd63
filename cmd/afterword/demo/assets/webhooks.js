// Fills the table of /demo/webhooks from /demo/webhooks/log. All that a call
// says is foreign text: it reaches the page through textContent alone.
'use strict'
{
  const KEPT = 200
  const table = document.getElementById('calls')
  const empty = document.getElementById('empty')
  const state = document.getElementById('state')
  const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })
  const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' })

  let run = ''
  let after = 0

  const el = (tag, className, ...children) => {
    const made = document.createElement(tag)
    if (className) made.className = className
    made.append(...children)
    return made
  }

  const cell = (name, ...children) => {
    const td = el('td', name.toLowerCase(), ...children)
    td.setAttribute('role', 'cell')
    td.dataset.label = name
    return td
  }

  const row = (...cells) => {
    const tr = el('tr', '', ...cells)
    tr.setAttribute('role', 'row')
    return tr
  }

  const received = call => {
    const time = el('time', '', clock.format(new Date(call.received_at)))
    time.dateTime = call.received_at
    time.title = full.format(new Date(call.received_at))
    return cell('Received', time)
  }

  const event = call => {
    const by = call.actor && el('span', 'by', 'by ', el('bdi', '', call.actor))
    return cell('Event', el('b', '', el('bdi', '', call.type || 'not an event')), ...(by ? [by] : []))
  }

  const comment = call => {
    const parts = []
    if (call.page) parts.push(el('cite', '', el('bdi', '', call.page)))
    if (call.author) parts.push(el('b', 'author', el('bdi', '', call.author)))
    if (call.excerpt) {
      const text = el('p', 'excerpt', call.excerpt)
      text.dir = 'auto'
      parts.push(text)
    }
    return cell('Comment', ...(parts.length ? parts : [el('span', 'none', 'about no comment')]))
  }

  const attempt = call => {
    const parts = [String(call.attempt)]
    if (call.duplicate) parts.push(' ', el('span', 'chip again', 'duplicate'))
    return cell('Attempt', ...parts)
  }

  const signature = call =>
    call.verified
      ? cell('Signature', el('span', 'chip good', 'verified'))
      : cell('Signature', el('span', 'chip bad', 'wrong'), el('span', 'by', call.problem))

  const delay = call => {
    const ms = call.delay_ms
    const text = ms == null ? '–' : ms < 1000 ? `${ms} ms` : ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`
    return cell('Delay', text)
  }

  const headers = call => {
    const list = el('dl', '')
    for (const [name, value] of call.headers) list.append(el('dt', '', name), el('dd', '', value))
    return list
  }

  const scroller = text => {
    const pre = el('pre', '', text)
    pre.tabIndex = 0
    return pre
  }

  const more = call => {
    const details = el('details', '', el('summary', '', 'Headers and body'))
    details.addEventListener('toggle', () => {
      details.append(headers(call), scroller(call.body || '(empty)'))
      if (call.truncated) details.append(el('p', 'by', 'The body was longer; the rest was not kept.'))
    }, { once: true })
    const td = cell('', details)
    td.colSpan = 6
    return row(td)
  }

  const show = call => {
    const main = row(received(call), event(call), comment(call), attempt(call), signature(call), delay(call))
    const body = el('tbody', call.verified ? '' : 'refused', main, more(call))
    body.setAttribute('role', 'rowgroup')
    table.tHead.after(body)
    if (table.tBodies.length > KEPT) table.tBodies[KEPT].remove()
  }

  const clear = () => {
    while (table.tBodies.length) table.tBodies[0].remove()
    after = 0
  }

  const say = text => {
    if (state.textContent !== text) state.textContent = text
  }

  const summary = () => {
    const n = table.tBodies.length
    table.hidden = !n
    empty.hidden = !!n
    say(n ? `Listening. ${n === 1 ? '1 call' : n + ' calls'} shown.` : 'Listening.')
  }

  const poll = async () => {
    const response = await fetch('/demo/webhooks/log?after=' + after, { cache: 'no-store' })
    if (!response.ok) throw new Error('status ' + response.status)
    const log = await response.json()
    if (run && log.run !== run) {
      // The program was started anew and counts from one again.
      clear()
      run = log.run
      return poll()
    }
    run = log.run
    for (const call of log.calls) {
      show(call)
      after = call.number
    }
    summary()
  }

  const loop = async () => {
    if (!document.hidden) await poll().catch(() => say('The receiver does not answer. Trying again.'))
    setTimeout(loop, 1000)
  }
  loop()
}
