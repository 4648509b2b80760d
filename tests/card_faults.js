// What leaves its card, lies on something else, or is too small for a thumb, links in sentences included. arguments[0]: the least target in CSS pixels.
const least = arguments[0], faults = [], TARGETS = 'a, button, summary, select, input:not([type=hidden])'
const shown = one => { const box = one.getBoundingClientRect(); return box.width > 1 && box.height > 1 &&
  getComputedStyle(one).visibility !== 'hidden' && !one.closest('.visually-hidden, thead') }
const name = one => `${one.tagName.toLowerCase()} "${(one.innerText || one.name || '').trim().slice(0, 30)}"`
const main = document.getElementById('main'), all = selector => [...main.querySelectorAll(selector)].filter(shown)
for (const one of all(TARGETS)) {
  const box = one.getBoundingClientRect()
  if (box.height < least - 0.5 || box.width < least - 0.5) faults.push(`small target ${name(one)}: ${Math.round(box.width)} x ${Math.round(box.height)}`)
}
for (const one of all('.card *, fieldset *')) {
  if (one.closest('svg') && one.tagName !== 'svg') continue
  const box = one.getBoundingClientRect(), card = one.parentElement.closest('.card, fieldset').getBoundingClientRect()
  if (box.right > card.right + 1 || box.left < card.left - 1 || box.bottom > card.bottom + 1) faults.push(`leaves its card: ${name(one)}`)
}
const things = all(`${TARGETS}, p, h1, h2, h3, li, dt, dd, img, svg`).filter(one => !one.closest('.save-bar') && !one.parentElement.closest('svg'))
things.forEach((one, at) => {
  const a = one.getBoundingClientRect()
  for (const other of things.slice(at + 1)) {
    if (one.contains(other)) continue
    const b = other.getBoundingClientRect()
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left), down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
    if (across > 1.5 && down > 1.5) faults.push(`${name(one)} lies on ${name(other)}`)
  }
})
return faults.slice(0, 10)
