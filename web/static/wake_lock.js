// Keeps the screen on during a session, and on a wall display. Browsers allow it only over https.
(() => {
  'use strict'
  if (!('wakeLock' in navigator)) return
  const root = document.documentElement, isWallDisplay = document.body.classList.contains('kiosk')
  let lock = null, isAsking = false, isActive = false

  async function update() {
    const isWanted = (isActive || isWallDisplay) && !document.hidden
    if (lock && !isWanted) lock.release()
    if (!lock && isWanted && !isAsking) {
      isAsking = true
      try {
        lock = await navigator.wakeLock.request('screen')
        root.toggleAttribute('data-awake', true)
        lock.addEventListener('release', () => { lock = null; root.toggleAttribute('data-awake', false) })
      } catch { /* the battery is low: the screen may go dark */ }
      isAsking = false
    }
  }
  document.addEventListener('live-view', event => {
    if (event.detail.is_active === isActive && lock) return
    isActive = event.detail.is_active
    update()
  })
  document.addEventListener('visibilitychange', update)
  update()
})()
