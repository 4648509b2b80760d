// What a person on a phone, with keys, or with weak eyes would complain about. arguments[0]: the least target in CSS pixels.
const least = arguments[0], faults = []
const shown = one => { const box = one.getBoundingClientRect(); return box.width > 1 && box.height > 1 &&
  getComputedStyle(one).visibility !== 'hidden' && !one.closest('.said, .skip') }
const name = one => `${one.tagName.toLowerCase()}${one.id ? '#' + one.id : ''} "${(one.innerText || one.name || '').trim().slice(0, 30)}"`
const width = document.documentElement.clientWidth  // innerWidth grows with what is too wide on a phone
if (document.documentElement.scrollWidth > width) {
  const wide = [...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > width + 1)
  faults.push(`scrolls sideways: ${document.documentElement.scrollWidth} > ${width}, by ${wide.slice(0, 3).map(name)}`)
}
for (const one of document.querySelectorAll('button, select, input:not([type=hidden]), nav a, a.button, td a, th a')) {
  if (!shown(one)) continue
  const box = one.getBoundingClientRect()
  if (box.height < (one.closest('main') ? least : 44) - 0.5 || box.width < 43.5) faults.push(`small target ${name(one)}: ${Math.round(box.width)} x ${Math.round(box.height)}`)
  const label = one.getAttribute('aria-label') || one.innerText || (one.labels && one.labels.length && one.labels[0].innerText)
  if (!label || !label.trim()) faults.push(`no name: ${name(one)}`)
}
const ids = [...document.querySelectorAll('[id]')].map(one => one.id)
for (const id of new Set(ids.filter((id, at) => ids.indexOf(id) !== at))) faults.push(`twice: #${id}`)
for (const one of document.querySelectorAll('svg[role=img]')) if (!one.querySelector('title')) faults.push('a drawing without a title')
if (document.querySelectorAll('h1').length !== 1) faults.push('not exactly one h1')
if (!document.documentElement.lang) faults.push('no language')
const rgb = text => { const part = text.match(/[\d.]+/g).map(Number); return part.length < 4 ? [...part, 1] : part }
const light = ([r, g, b]) => { const lin = v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 }
  return 0.2126 * lin(r) + 0.7152 * lin(g) + 0.0722 * lin(b) }
const behind = one => { for (; one; one = one.parentElement) { const c = rgb(getComputedStyle(one).backgroundColor); if (c[3] > 0) return c } return [255, 255, 255, 1] }
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
while (walker.nextNode()) {
  const one = walker.currentNode.parentElement
  if (!walker.currentNode.textContent.trim() || !shown(one) || one.closest('noscript, script')) continue
  const style = getComputedStyle(one), svg = one.closest('svg')
  const ink = rgb(svg ? style.fill : style.color)
  if (ink[3] === 0) continue
  const a = light(ink), b = light(behind(one)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
  const big = one.closest('.stage') && !one.matches('.mark')
  if (ratio < (big ? 7 : 4.5)) faults.push(`contrast ${ratio.toFixed(1)} of ${name(one)}`)
}
return faults
