// Telling the moderators about a comment, in a native dialog.
import type { App } from './app'
import type { Item } from './comment'

/** The server's names for what may be wrong, and ours for readers. */
const reasons = {
  spam: TEXT.spam,
  offensive: TEXT.offensive,
  harassment: TEXT.harassment,
  hate: TEXT.hate,
  off_topic: TEXT.off_topic,
  personal_data: TEXT.personal_data,
  illegal: TEXT.illegal,
  other: TEXT.other,
}

/** Opens the dialog; when the report is in, a sentence takes the place of the button. */
export function ask(app: App, item: Item, opener: HTMLElement) {
  const { h, button } = app
  const trouble = h('p', { p: 'error', role: 'alert' })
  const note = h('textarea', { id: 'note', p: 'editor', rows: 2, dir: 'auto', maxlength: 1000 })
  const send = h('button', { p: 'submit' }, TEXT.send_report)
  const form = h('form', { novalidate: true, onsubmit: submit },
    h('h3', { id: 'report' }, TEXT.report_comment),
    h('fieldset', {}, h('legend', {}, TEXT.report_why), ...Object.entries(reasons).map(([value, label]) =>
      h('label', {}, h('input', { type: 'radio', name: 'reason', value }), label))),
    h('label', { for: 'note' }, TEXT.note), note, trouble,
    h('div', { p: 'buttons' }, send, button(TEXT.cancel, () => dialog.close())))
  const dialog = h('dialog', { p: 'dialog', 'aria-labelledby': 'report', closedby: 'any', onclose: () => dialog.remove() }, form)
  app.ui.root.append(dialog)
  dialog.showModal()

  function submit(event: SubmitEvent) {
    event.preventDefault()
    const reason = new FormData(form).get('reason')
    if (!reason) {
      trouble.textContent = TEXT.need_reason
      return form.querySelector('input')!.focus()
    }
    app.busy(app, send, async () => {
      const { id } = item.c
      const body = { reason, note: note.value.trim() || undefined, reporter: app.memory.all('reporter').token?.value }
      const { reporter } = await app.api<{ reporter: string }>(`comments/${id}/reports`, { method: 'POST', body })
      app.memory.keep('reporter', 'token', { value: reporter })
      app.emit(app, 'reported', { id })
      dialog.close()
      done(app, opener)
    }, problem => (trouble.textContent = app.explain(app, problem)))
  }
}

function done(app: App, opener: HTMLElement) {
  const text = TEXT.reported
  const thanks = app.h('span', { p: 'hint', tabindex: -1 }, text)
  opener.replaceWith(thanks)
  thanks.focus()
  app.say(app, text)
}
