// The form of a reader who writes: a new comment, a reply, or a change. It
// grows around the text field that is already there, so nothing typed is lost.
import type { Problem } from './api'
import type { App } from './app'
import type { Item } from './comment'
import { guard, line, trap, type Field } from './field'
import { post, save, type Written } from './send'

interface Editor {
  app: App
  form: HTMLFormElement
  area: HTMLTextAreaElement
  text: Omit<Field, 'box'>
  /** Absent when a comment is changed: its author is known. */
  name?: Field
  email?: Field
  trap?: HTMLInputElement
  submit: HTMLButtonElement
  alert: HTMLElement
  /** Of the first key stroke's focus, to tell people from machines. */
  began: number
  deliver(written: Written): Promise<void>
}

/** Makes a whole form of the stub for a new comment or a reply. */
export function compose(app: App, form: HTMLFormElement, parent?: Item) {
  const area = form.querySelector('textarea')!
  const name = line(app, area.id + '-name', TEXT.name, { name: 'name', autocomplete: 'name', maxlength: '60' })
  const email = line(app, area.id + '-email', TEXT.email, { name: 'email', type: 'email', autocomplete: 'email' })
  name.input.value = app.memory.all('name').name?.value ?? ''
  const editor = build(app, form, parent ? TEXT.post_reply : TEXT.post, written => post(app, written, form, parent))
  Object.assign(editor, { name, email, trap: trap(app) })
  const cancel = parent && (() => {
    form.remove()
    parent.article.focus()
  })
  lay(editor, cancel)
}

/** Opens an own comment for change, in its place. */
export async function change(app: App, item: Item, opener: HTMLElement) {
  const { h, busy, fetchOne, paint } = app
  await busy(app, opener, async () => {
    const { text } = await fetchOne(app, item.c.id)
    const id = 'edit-' + item.c.id
    const area = h('textarea', { id, p: 'editor', dir: 'auto' })
    area.value = text ?? ''
    const form = h('form', { p: 'composer', novalidate: true }, h('label', { for: id }, TEXT.edit_comment), area)
    const finish = () => {
      form.remove()
      paint(app, item)
      item.article.focus()
    }
    item.article.querySelector('.actions')!.remove()
    item.article.querySelector('.body')!.replaceWith(form)
    lay(build(app, form, TEXT.save, async written => {
      await save(app, written, item)
      finish()
    }), finish)
    area.focus()
  })
}

function build(app: App, form: HTMLFormElement, verb: string, deliver: Editor['deliver']): Editor {
  const { h } = app
  const area = form.querySelector('textarea')!
  const text = guard(app, area)
  area.after(text.error)
  return {
    app, form, area, text, deliver,
    submit: h('button', { p: 'submit' }, verb),
    alert: h('p', { p: 'error', role: 'alert' }),
    began: Date.now(),
  }
}

/** Puts the parts under the text field and makes them work. */
function lay(editor: Editor, cancel?: () => void) {
  const { app, form, area, name, email } = editor
  const { h, button, kept } = app
  const { moderated } = app.thread.options
  const shown = h('div', { p: 'preview', dir: 'auto', hidden: true, role: 'region', 'aria-label': TEXT.preview })
  const look = button(TEXT.preview, () => preview(editor, shown, look), { 'aria-pressed': 'false' })
  form.classList.add('open')
  form.append(...kept([
    counter(editor),
    h('p', { p: 'hint' }, TEXT.markup),
    shown,
    name && h('div', { p: 'fields' }, name.box, email!.box, editor.trap),
    editor.alert,
    h('div', { p: 'buttons' }, editor.submit, look, cancel && button(TEXT.cancel, cancel)),
    name && moderated && h('p', { p: 'hint' }, TEXT.moderated),
  ]))
  form.addEventListener('submit', event => {
    event.preventDefault()
    submit(editor)
  })
  form.addEventListener('keydown', event => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit()
  })
  // Where field-sizing is not known.
  area.addEventListener('input', () => {
    area.style.height = 'auto'
    area.style.height = area.scrollHeight + 2 + 'px'
  })
}

/** The number of characters left, from four fifths of the limit on; said aloud when it appears and when it runs out. */
function counter({ app, area }: Editor): HTMLElement {
  const max = app.thread.options.max_length
  const shown = app.h('p', { p: 'counter', hidden: true })
  let level = 0
  const count = () => {
    const left = max - [...area.value].length
    const now = left < 0 ? 2 : left <= max / 5 ? 1 : 0
    shown.hidden = !now
    shown.classList.toggle('over', left < 0)
    shown.textContent = left < 0 ? app.t(TEXT.over, { n: -left }) : app.t(TEXT.left, { n: left })
    if (now > level) app.say(app, shown.textContent)
    level = now
  }
  area.addEventListener('input', count)
  count()
  return shown
}

function preview({ app, area }: Editor, shown: HTMLElement, look: HTMLElement) {
  const show = (on: boolean) => {
    shown.hidden = !on
    look.ariaPressed = String(on)
  }
  const hide = () => show(false)
  if (!shown.hidden || !area.value.trim()) return hide()
  return app.busy(app, look, async () => {
    const { tree } = await app.api<{ tree: [] }>('preview', { method: 'POST', body: { text: area.value } })
    shown.replaceChildren(...app.elements(tree))
    show(true)
    area.addEventListener('input', hide, { once: true })
  })
}

/** The fields that are wrong, each told so; the first one gets the focus. */
function valid({ app, area, text, name, email }: Editor): boolean {
  const over = [...area.value].length - app.thread.options.max_length
  text.fail(area.value.trim() ? (over > 0 ? app.t(TEXT.over, { n: over }) : '') : TEXT.need_text)
  name?.fail(name.input.value.trim() ? '' : TEXT.need_name)
  email?.fail(email.input.checkValidity() ? '' : TEXT.bad_email)
  return !focusWrong([text, name, email])
}

function focusWrong(fields: (Pick<Field, 'input'> | undefined)[]): boolean {
  const wrong = fields.find(f => f?.input.ariaInvalid)
  wrong?.input.focus()
  return !!wrong
}

function submit(editor: Editor) {
  const { app, alert, area, name, email, began, form } = editor
  alert.textContent = ''
  if (!form.ariaBusy && valid(editor)) app.busy(app, form, () => editor.deliver({
    text: area.value,
    name: name?.input.value.trim() ?? '',
    email: email?.input.value.trim() ?? '',
    trap: editor.trap?.value ?? '',
    took: Date.now() - began,
  }), problem => fail(editor, problem))
}

/** Says what the server found wrong, at the field where it belongs; the text stays. */
function fail({ app, alert, submit, text, name, email }: Editor, problem: Problem) {
  for (const { name: at, detail } of problem.fields ?? []) {
    const field = at.endsWith('name') ? name : at.endsWith('email') ? email : text
    field?.fail(detail)
  }
  if (focusWrong([text, name, email])) return
  alert.textContent = `${app.explain(app, problem)} ${TEXT.still_here}`
  if (!problem.status || problem.status >= 500) submit.textContent = TEXT.send_again
}
