// Searches while typing: asks the server and shows the results.
(() => {
  'use strict'
  const DEBOUNCE_MS = 200
  const form = document.getElementById('search'), field = form.elements.q
  let waiting = 0, newest = 0
  const search = async () => {
    const requestNumber = ++newest, address = `${location.pathname}?${new URLSearchParams(new FormData(form))}`
    try {
      const answer = await fetch(address)
      if (requestNumber !== newest || !answer.ok) return
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
      document.getElementById('answers').replaceChildren(...page.getElementById('answers').childNodes)
      document.getElementById('count').textContent = page.getElementById('count').textContent
      history.replaceState(null, '', address)
    } catch { /* the search button still works */ }
  }
  field.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(search, DEBOUNCE_MS) })
})()
