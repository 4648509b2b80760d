// Steps through the chart's tests with the arrow keys, by dragging, or by tapping the chart.
(() => {
  'use strict'
  document.documentElement.classList.add('js')
  const figure = document.querySelector('figure[data-points]'), slider = figure?.querySelector('input')
  if (!slider) return
  const points = JSON.parse(figure.dataset.points), chart = figure.querySelector('svg')
  const cursor = figure.querySelector('.cursor'), words = figure.querySelector('.point-text')
  const show = () => {
    const [x, heights, text] = points[slider.value]
    cursor.setAttribute('d', `M${x} 0V100` + heights.map(y => `M${x - 2} ${y}h4`).join(''))
    slider.setAttribute('aria-valuetext', text)
    words.textContent = text
  }
  slider.addEventListener('input', show)
  chart.addEventListener('click', event => {
    const box = chart.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * 100
    slider.value = points.reduce((best, point, n) => Math.abs(point[0] - x) < Math.abs(points[best][0] - x) ? n : best, 0)
    show()
  })
  slider.setAttribute('aria-valuetext', points[slider.value][2])
})()
