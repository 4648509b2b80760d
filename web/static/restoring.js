// Opens the next page once the station answers again.
(() => {
  'use strict'
  const STOPS_WITHIN_MS = 5000, RETRY_MS = 1000
  const next = document.getElementById('next').href

  async function look() {
    try {
      if ((await fetch(next)).ok) { location.assign(next); return }
    } catch { /* it is still starting */ }
    setTimeout(look, RETRY_MS)
  }

  setTimeout(look, STOPS_WITHIN_MS)
})()
