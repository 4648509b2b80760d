// The button that prints: without scripts it is not there, and the browser's own menu prints the same.
(() => {
  'use strict'
  document.documentElement.classList.add('scripts')
  for (const button of document.querySelectorAll('[data-print]')) button.addEventListener('click', () => window.print())
})()
