// Steps through a chart's points: with the arrow keys, by dragging, or by a tap on the chart.
(() => {
  'use strict'
  document.documentElement.classList.add('js')
  for (const figure of document.querySelectorAll('figure[data-points]')) {
    const points = JSON.parse(figure.dataset.points), slider = figure.querySelector('input')
    if (!slider) continue
    const chart = figure.querySelector('svg'), cursor = figure.querySelector('.cursor'), pointText = figure.querySelector('.point-text')
    const show = () => {
      const [x, y, words] = points[slider.value]
      cursor.setAttribute('d', `M${x} 26V206M${x - 8} ${y}h16`)
      slider.setAttribute('aria-valuetext', words)
      pointText.textContent = words
    }
    slider.addEventListener('input', show)
    chart.addEventListener('click', event => {
      const box = chart.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * chart.viewBox.baseVal.width
      slider.value = points.reduce((best, point, n) => Math.abs(point[0] - x) < Math.abs(points[best][0] - x) ? n : best, 0)
      show()
    })
    slider.setAttribute('aria-valuetext', points[slider.value][2])
    pointText.textContent = points[slider.value][2]
  }
})()
