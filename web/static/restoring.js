// Opens the next page once the board answers again; the page's own process may answer throughout.
(() => {
  'use strict'
  // The board sends states for a second or two after it has agreed; by the first look they are no longer fresh.
  const STOPS_WITHIN_MS = 5000, RETRY_MS = 1000, FRESH_S = 2, LATE_MS = 60000
  const next = document.getElementById('next')
  const late = setTimeout(() => { document.getElementById('late').hidden = false }, LATE_MS)

  async function look() {
    try {
      const answer = await fetch(next.dataset.state)
      if (answer.ok && (await answer.json()).age_s < FRESH_S) {
        clearTimeout(late)
        location.assign(next.href)
        return
      }
    } catch { /* it is still starting */ }
    setTimeout(look, RETRY_MS)
  }

  setTimeout(look, STOPS_WITHIN_MS)
})()
