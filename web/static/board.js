// The drawn board moves with the picture; one button is held, not clicked, to lift the heel.
(() => {
  'use strict'
  const el = id => document.getElementById(id)
  const WALL_X = 300, DECK_Y = 146, PX_PER_MM = 0.4, FOOT = 104, SHIN = 172, LIFT = 30
  const still = matchMedia('(prefers-reduced-motion: reduce)')
  const want = { toe: 120, lift: 0, lean: 0, away: 0 }, has = { ...want }
  let running = false

  document.addEventListener('picture', event => {
    const now = event.detail
    const work = now.heels.find(heel => heel.side === now.side) || now.heels[0]
    const known = now.heels.filter(heel => heel.down !== null)
    const standing = known.some(heel => heel.down)
    if (now.toe_mm !== null) want.toe = Math.max(0, Math.min(380, now.toe_mm))
    want.away = known.length && !standing && now.tone !== 'alarm' && !now.knee ? 1 : 0
    want.lift = !want.away && work && work.down === false ? 1 : 0
    want.lean = now.knee ? 1 : now.phase === 'attempt' || now.phase === 'hold' ? 0.7 : 0
    el('gap-text').textContent = now.toe_mm === null ? now.toe : `toes to wall ${now.toe}`
    if (!running) { running = true; requestAnimationFrame(move) }
  })

  function move() {
    let moving = false
    for (const name in want) {
      const off = want[name] - has[name]
      if (still.matches || Math.abs(off) < 0.01) has[name] = want[name]
      else { has[name] += off * 0.25; moving = true }
    }
    draw()
    running = moving
    if (moving) requestAnimationFrame(move)
  }

  function draw() {
    const toe = WALL_X - has.toe * PX_PER_MM, heelX = toe - FOOT, heelY = DECK_Y - LIFT * has.lift
    const ankleX = heelX + 20, ankleY = heelY - 20
    const reach = Math.min(SHIN * 0.97, WALL_X - 10 - ankleX)
    const across = has.lean * reach + (1 - has.lean) * 8
    const up = Math.sqrt(SHIN * SHIN - across * across)
    const kneeX = ankleX + across, kneeY = ankleY - up
    el('foot').setAttribute('d', `M${toe} ${DECK_Y}L${toe - 22} ${DECK_Y}L${heelX} ${heelY}L${ankleX - 10} ${ankleY - 4}L${ankleX + 12} ${ankleY + 2}Z`)
    el('shin').setAttribute('d', `M${ankleX} ${ankleY}L${kneeX} ${kneeY}L${kneeX - 16 - 84 * has.lean} ${kneeY - 62 + 34 * has.lean}`)
    el('knee').setAttribute('cx', kneeX)
    el('knee').setAttribute('cy', kneeY)
    el('slab').setAttribute('transform', `translate(${toe - 206} 0)`)
    el('leg').style.opacity = 1 - 0.85 * has.away
    el('gap').setAttribute('d', `M${toe} 154V160M${toe} 157H${WALL_X}M${WALL_X} 154V160`)
  }

  const act = word => window.station_send('/board/act', { word })
  for (const button of document.querySelectorAll('[data-press]')) {
    let held = false
    const press = () => { if (!held) { held = true; button.classList.add('held'); act(button.dataset.press) } }
    const release = () => { if (held) { held = false; button.classList.remove('held'); act(button.dataset.release) } }
    const isKey = event => event.key === ' ' || event.key === 'Enter'
    button.addEventListener('pointerdown', event => { button.setPointerCapture(event.pointerId); press() })
    for (const kind of ['pointerup', 'pointercancel', 'blur']) button.addEventListener(kind, release)
    button.addEventListener('keydown', event => { if (isKey(event)) { event.preventDefault(); press() } })
    button.addEventListener('keyup', event => { if (isKey(event)) release() })
    button.addEventListener('contextmenu', event => event.preventDefault())
  }
  draw()
})()
