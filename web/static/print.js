// The print button, hidden without scripts; the browser's own menu prints the same.
(() => {
  'use strict'
  document.documentElement.classList.add('js')
  for (const button of document.querySelectorAll('[data-print]')) button.addEventListener('click', () => window.print())
})()
