// The routine form: buttons submit to the server and its response replaces the form in place, the summary updates while
// typing, and rows can be dragged. The server calculates everything.
(() => {
  'use strict'
  const DEBOUNCE_MS = 400
  const form = document.getElementById('builder'), statusLine = document.getElementById('form-status')
  let waiting = 0, newest = 0
  document.documentElement.classList.add('js')

  const post = async (address, data) => {
    const answer = await fetch(address, { method: 'POST', body: new URLSearchParams(data) })
    if (!answer.ok) throw new Error(answer.statusText)
    return new DOMParser().parseFromString(await answer.text(), 'text/html')
  }
  const showUnreachable = () => { statusLine.textContent = 'The station is not responding. What you typed is still here.' }

  const refreshSummary = async () => {
    const requestNumber = ++newest
    try {
      const page = await post(form.dataset.summaryUrl, new FormData(form))
      if (requestNumber === newest) document.getElementById('routine-summary').replaceChildren(...page.body.childNodes)
    } catch { showUnreachable() }
  }
  const disableEndButtons = () => {
    for (const [word, end] of [['up', 'firstElementChild'], ['down', 'lastElementChild']]) {
      for (const button of form.querySelectorAll(`[value^="${word}-"]`)) {
        const row = button.closest('li')
        button.disabled = row.parentElement[end] === row
      }
    }
  }
  const makeSortable = () => {
    const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)').matches
    window.Sortable.create(form.querySelector('.routine-rows'), {
      handle: '.grip', forceFallback: true, animation: reducedMotion ? 0 : 150, onEnd: () => { disableEndButtons(); refreshSummary() }
    })
  }
  const focus = (word, number) => {
    const other = word === 'up' ? 'down' : 'up'
    for (const which of [`="${word}-${number}"`, `="${other}-${number}"`, `^="${word}-"`, '="add-test"']) {
      const button = form.querySelector(`button[value${which}]:not(:disabled)`)
      if (button) return button.focus({ preventScroll: word === 'add' })
    }
  }

  form.addEventListener('input', () => { clearTimeout(waiting); waiting = setTimeout(refreshSummary, DEBOUNCE_MS) })
  form.addEventListener('submit', async event => {
    const submitter = event.submitter
    if (!submitter || submitter.value === 'save') return
    event.preventDefault()
    clearTimeout(waiting)
    if (submitter.value === 'recalculate') return refreshSummary()
    const requestNumber = ++newest, data = new FormData(form)
    data.append('action', submitter.value)
    try {
      const page = await post(location.href, data)
      if (requestNumber !== newest) return
      const [word, number] = submitter.value.split('-')
      form.replaceChildren(...page.getElementById('builder').childNodes)
      statusLine.textContent = page.getElementById('form-status').textContent
      makeSortable()
      focus(word, number)
    } catch { showUnreachable() }
  })
  makeSortable()
})()
