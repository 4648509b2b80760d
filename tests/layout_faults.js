// What a person on a phone, with keys, or with weak eyes would complain about. arguments[0]: the least target in CSS pixels.
const least = arguments[0], faults = [], LEAST_TARGET = 44, SLACK = 1.5
const seen = one => one.checkVisibility({visibilityProperty: true, opacityProperty: true, contentVisibilityAuto: true}) &&
  !one.closest('.said, .skip')
const shown = one => { const box = one.getBoundingClientRect(); return box.width > 1 && box.height > 1 && seen(one) }
const name = one => `${one.tagName.toLowerCase()}${one.id ? '#' + one.id : one.classList.length ? '.' + one.classList[0] : ''} "${(one.innerText || one.textContent || one.name || '').trim().slice(0, 30)}"`
const width = document.documentElement.clientWidth  // innerWidth grows with what is too wide on a phone
if (document.documentElement.scrollWidth > width) {
  const wide = [...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > width + 1)
  faults.push(`scrolls sideways: ${document.documentElement.scrollWidth} > ${width}, by ${wide.slice(0, 3).map(name)}`)
}

// A pointer target is the control with its label; what pseudo-elements add is found by asking what a point hits.
const extent = one => {
  const parts = [one, ...(one.labels || [])].flatMap(each => [...each.getClientRects()])
  return [Math.max(...parts.map(box => box.width)), Math.max(...parts.map(box => box.height))]
}
const reaches = (one, across, down) => {
  one.scrollIntoView({block: 'center', inline: 'center'})
  const box = one.getClientRects()[0], x = box.left + box.width / 2, y = box.top + box.height / 2
  return [-1, 1].every(way => one.contains(document.elementFromPoint(x + way * across, y + way * down)))
}
for (const one of document.querySelectorAll('a[href], button, select, textarea, summary, input:not([type=hidden])')) {
  if (!shown(one)) continue
  const goal = one.closest('main') && !one.matches('a:not(.button), summary') ? least : LEAST_TARGET
  const [wide, high] = extent(one)
  if (high < goal - 0.5 && !reaches(one, 0, goal / 2 - 1) || wide < LEAST_TARGET - 0.5 && !reaches(one, LEAST_TARGET / 2 - 1, 0))
    faults.push(`small target ${name(one)}: ${Math.round(wide)} x ${Math.round(high)}`)
  const picture = one.querySelector('[alt], title')
  const label = one.getAttribute('aria-label') || one.innerText || (one.labels && one.labels.length && one.labels[0].innerText) ||
    (picture && (picture.alt || picture.textContent))
  if (!label || !label.trim()) faults.push(`no name: ${name(one)}`)
}
scrollTo(0, 0)

// Text lies inside every box around it, on no other text, and under no bar that stays on the screen.
const isHiddenPart = one => { const style = getComputedStyle(one), box = one.getBoundingClientRect()
  return /hidden|clip/.test(style.overflowX) && (box.width <= 2 || box.height <= 2) }
const above = one => { const found = []; for (; one && one !== document.body; one = one.parentElement) found.push(one); return found }
const bar = one => above(one).find(each => /fixed|sticky/.test(getComputedStyle(each).position)) || null
const alpha = colour => { const part = colour.match(/[\d.]+/g).map(Number); return part.length < 4 ? 1 : part[3] }
const isBox = (one, style) => one.matches('svg') && style.overflowX !== 'visible' || style.display !== 'inline' && !one.closest('svg') &&
  (alpha(style.backgroundColor) > 0 || /hidden|clip/.test(style.overflowX) ||
   ['Top', 'Left'].every(edge => parseFloat(style[`border${edge}Width`]) > 0 && alpha(style[`border${edge}Color`]) > 0))
const linesOf = node => {
  const range = document.createRange()
  range.selectNodeContents(node)
  // The letters are lower than the line: its upper and lower fifth may touch another line.
  return [...range.getClientRects()].filter(box => box.width > 1 && box.height > 1).map(box => ({
    left: box.left, right: box.right, top: box.top + box.height / 5, bottom: box.bottom - box.height / 5}))
}
const lines = [], nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
while (nodes.nextNode()) {
  const node = nodes.currentNode, one = node.parentElement
  if (!node.textContent.trim() || !seen(one) || one.closest('noscript, script, title, desc, select') || above(one).some(isHiddenPart)) continue
  for (const line of linesOf(node)) lines.push({...line, one, node, layer: bar(one)})
}
const outside = new Set(), over = new Set()
for (const line of lines) {
  for (const box of above(line.one)) {
    const style = getComputedStyle(box)
    if (/auto|scroll/.test(style.overflowX)) break
    if (isBox(box, style)) {
      const edge = box.getBoundingClientRect()
      if (line.left < edge.left - SLACK || line.right > edge.right + SLACK || line.top < edge.top - SLACK || line.bottom > edge.bottom + SLACK)
        outside.add(`text outside ${box.tagName.toLowerCase()}${box.id ? '#' + box.id : box.classList.length ? '.' + box.classList[0] : ''}: ${name(line.one)}`)
    }
    if (/fixed|absolute/.test(style.position)) break
  }
}
lines.sort((one, other) => one.top - other.top)
lines.forEach((one, at) => {
  for (let next = at + 1; next < lines.length && lines[next].top < one.bottom - SLACK; next++) {
    const other = lines[next]
    if (one.node === other.node || one.layer !== other.layer) continue
    if (Math.min(one.right, other.right) - Math.max(one.left, other.left) > SLACK && Math.min(one.bottom, other.bottom) - other.top > SLACK)
      over.add(`text over text: ${name(one.one)} and ${name(other.one)}`)
  }
})
faults.push(...outside, ...over)
const hidden = new Set()
const bars = [...document.querySelectorAll('body *')].filter(one => getComputedStyle(one).position === 'fixed' && shown(one))
for (const one of bars) {
  const place = one.getBoundingClientRect()
  scrollTo(0, place.top + place.height / 2 > innerHeight / 2 ? document.documentElement.scrollHeight : 0)
  const edge = one.getBoundingClientRect()
  for (const line of lines.filter(each => each.layer === null)) for (const part of linesOf(line.node))
    if (part.bottom > edge.top + SLACK && part.top < edge.bottom - SLACK && part.right > edge.left + SLACK && part.left < edge.right - SLACK)
      hidden.add(`text never free of ${name(one)}: ${name(line.one)}`)
}
scrollTo(0, 0)
faults.push(...hidden)
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
