// Telling the moderators about a comment, in a native dialog.
import type { Problem } from './api'
import type { App } from './app'
import type { Item } from './comment'

const reasons = ['spam', 'offensive', 'harassment', 'hate', 'off_topic', 'personal_data', 'illegal', 'other'] as const

/** Opens the dialog; when the report is in, a sentence takes the place of the button. */
export function ask(app: App, item: Item, opener: HTMLElement) {
  const { h, button } = app.kit
  const trouble = h('p', { p: 'error', role: 'alert' })
  const note = h('textarea', { id: 'note', p: 'editor', rows: 2, dir: 'auto', maxlength: 1000 })
  const send = h('button', { p: 'submit' }, app.t('send_report'))
  const form = h('form', { novalidate: true, onsubmit: submit },
    h('h3', { id: 'report' }, app.t('report_comment')),
    h('fieldset', {}, h('legend', {}, app.t('report_why')), ...reasons.map(reason =>
      h('label', {}, h('input', { type: 'radio', name: 'reason', value: reason }), app.t(reason)))),
    h('label', { for: 'note' }, app.t('note')), note, trouble,
    h('div', { p: 'buttons' }, send, button(app.t('cancel'), () => dialog.close())))
  const dialog = h('dialog', { p: 'dialog', 'aria-labelledby': 'report', closedby: 'any', onclose: () => dialog.remove() }, form)
  app.ui.root.append(dialog)
  dialog.showModal()

  async function submit(event: SubmitEvent) {
    event.preventDefault()
    const reason = new FormData(form).get('reason')
    if (!reason) {
      trouble.textContent = app.t('need_reason')
      return form.querySelector('input')!.focus()
    }
    send.disabled = true
    try {
      await file(app, item, { reason, note: note.value.trim() || undefined })
      dialog.close()
      done(app, opener)
    } catch (problem) {
      trouble.textContent = app.kit.explain(app, problem as Problem)
    }
    send.disabled = false
  }
}

async function file(app: App, { c: { id } }: Item, body: object) {
  await app.api(`comments/${id}/reports`, { method: 'POST', body })
  app.kit.emit(app, 'reported', { id })
}

function done(app: App, opener: HTMLElement) {
  const text = app.t('reported')
  const thanks = app.kit.h('span', { p: 'hint', tabindex: -1 }, text)
  opener.replaceWith(thanks)
  thanks.focus()
  app.kit.say(app, text)
}
