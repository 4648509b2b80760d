// The drawing of the board follows the live view; hold a button to lift the heel.
(() => {
  'use strict'
  const el = id => document.getElementById(id)
  const WALL_X = 300, DECK_Y = 146, PX_PER_MM = 0.4, FOOT = 104, SHIN = 172, LIFT = 30
  const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)')
  const target = { toe: 120, heelLift: 0, lean: 0, steppedOff: 0 }, current = { ...target }
  let running = false

  document.addEventListener('live-view', event => {
    const view = event.detail
    const work = view.heels.find(heel => heel.side === view.side) || view.heels[0]
    const known = view.heels.filter(heel => heel.down !== null)
    const standing = known.some(heel => heel.down)
    if (view.toe_mm !== null) target.toe = Math.max(0, Math.min(380, view.toe_mm))
    target.steppedOff = known.length && !standing && view.tone !== 'alarm' && !view.knee ? 1 : 0
    target.heelLift = !target.steppedOff && work && work.down === false ? 1 : 0
    target.lean = view.knee ? 1 : view.phase === 'attempt' || view.phase === 'hold' ? 0.7 : 0
    el('gap-text').textContent = view.toe_mm === null ? view.toe : `toes to wall ${view.toe}`
    if (!running) { running = true; requestAnimationFrame(move) }
  })

  function move() {
    let moving = false
    for (const name in target) {
      const off = target[name] - current[name]
      if (reducedMotion.matches || Math.abs(off) < 0.01) current[name] = target[name]
      else { current[name] += off * 0.25; moving = true }
    }
    draw()
    running = moving
    if (moving) requestAnimationFrame(move)
  }

  function draw() {
    const toe = WALL_X - current.toe * PX_PER_MM, heelX = toe - FOOT, heelY = DECK_Y - LIFT * current.heelLift
    const ankleX = heelX + 20, ankleY = heelY - 20
    const reach = Math.min(SHIN * 0.97, WALL_X - 10 - ankleX)
    const across = current.lean * reach + (1 - current.lean) * 8
    const up = Math.sqrt(SHIN * SHIN - across * across)
    const kneeX = ankleX + across, kneeY = ankleY - up
    el('foot').setAttribute('d', `M${toe} ${DECK_Y}L${toe - 22} ${DECK_Y}L${heelX} ${heelY}L${ankleX - 10} ${ankleY - 4}L${ankleX + 12} ${ankleY + 2}Z`)
    el('shin').setAttribute('d', `M${ankleX} ${ankleY}L${kneeX} ${kneeY}L${kneeX - 16 - 84 * current.lean} ${kneeY - 62 + 34 * current.lean}`)
    el('knee').setAttribute('cx', kneeX)
    el('knee').setAttribute('cy', kneeY)
    el('slab').setAttribute('transform', `translate(${toe - 206} 0)`)
    el('leg').style.opacity = 1 - 0.85 * current.steppedOff
    el('gap').setAttribute('d', `M${toe} 154V160M${toe} 157H${WALL_X}M${WALL_X} 154V160`)
  }

  // Remembers whether the board is shown; its own page always shows it.
  const fold = el('board'), isOwnPage = 'open' in fold.dataset
  if (!isOwnPage) fold.open = window.station_memory.get('board') === 'open'
  fold.addEventListener('toggle', () => { if (!isOwnPage) window.station_memory.set('board', fold.open ? 'open' : 'closed') })

  const sendCommand = command => window.station_send('/board/act', { command })
  for (const button of document.querySelectorAll('[data-press]')) {
    let held = false
    const press = () => { if (!held) { held = true; button.classList.add('pressed'); sendCommand(button.dataset.press) } }
    const release = () => { if (held) { held = false; button.classList.remove('pressed'); sendCommand(button.dataset.release) } }
    const isKey = event => event.key === ' ' || event.key === 'Enter'
    button.addEventListener('pointerdown', event => { button.setPointerCapture(event.pointerId); press() })
    for (const kind of ['pointerup', 'pointercancel', 'blur']) button.addEventListener(kind, release)
    button.addEventListener('keydown', event => { if (isKey(event)) { event.preventDefault(); press() } })
    button.addEventListener('keyup', event => { if (isKey(event)) release() })
    button.addEventListener('contextmenu', event => event.preventDefault())
  }
  draw()
})()
