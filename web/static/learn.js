// Six questions about the sounds: one is played, four meanings are offered. First it is seen to that it can be heard.
(() => {
  'use strict'
  const QUESTIONS = 6, CHOICES = 4, LOUDER = 2, TRIES = 3
  const el = id => document.getElementById(id), sound = window.station_sound
  const sounds = [...document.querySelectorAll('[data-cue]')].map(one => ({
    means: one.dataset.means, rhythm: one.dataset.rhythm,
    edges: JSON.parse(one.querySelector('button').dataset.edges), soft: 'soft' in one.querySelector('button').dataset,
  }))
  const long = sounds.findIndex(one => one.edges.length === 1)
  let questions = [], at = 0, right = 0, tries = 0

  const play = async one => { if (await sound.wake()) sound.play(one.edges, one.soft) }
  function ask(words, ...buttons) {
    el('asked').textContent = words
    el('answers').replaceChildren(...buttons.map(([label, act, kind]) => {
      const button = document.createElement('button')
      Object.assign(button, { type: 'button', textContent: label, className: kind || '' })
      button.addEventListener('click', act)
      return button
    }))
    el('asked').focus()
  }
  const tell = words => { el('told').textContent = words }
  function some(list, count) {
    const left = [...list]
    return Array.from({ length: Math.min(count, left.length) }, () => left.splice(Math.floor(Math.random() * left.length), 1)[0])
  }

  function volume() {
    tell('')
    play(sounds[long])
    ask('A long tone. Can you hear it?',
      ['Yes', begin, 'first'],
      ...(tries < TRIES ? [['No, louder', () => { tries += 1; sound.louder *= LOUDER; volume() }]] : []),
      ['Once more', volume])
    if (tries === TRIES) tell('This is as loud as this page can be. Turn up the volume of your phone or computer. The drawings, the live page and the board’s light say the same without a sound.')
  }
  function begin() {
    tell('')
    questions = some(sounds, QUESTIONS)
    at = right = 0
    next()
  }
  function next() {
    const played = questions[at], others = some(sounds.filter(one => one !== played), CHOICES - 1)
    tell('')
    play(played)
    ask(`Question ${at + 1} of ${questions.length}: what does it mean?`,
      ...some([played, ...others], CHOICES).map(one => [one.means, () => answer(one)]),
      ['▶ Once more', () => play(played), 'again'])
  }
  function answer(chosen) {
    const played = questions[at], it = `${played.means}: ${played.rhythm}.`
    if (chosen === played) right += 1
    else play(played)
    at += 1
    const last = at === questions.length
    ask(chosen === played ? 'Right.' : 'It was another one. Listen:',
      ['▶ Once more', () => play(played), 'again'],
      [last ? 'How did it go?' : 'Next question', last ? result : next, 'first on'])
    tell(it)
  }
  function result() {
    const all = right === questions.length
    ask(`${right} of ${questions.length} were right.`, ['Six new questions', begin, 'first'])
    tell(all ? 'You are ready for a routine with your eyes on the wall.'
      : 'The others come by themselves: the live page names each sound while it is heard, and all of them are above.')
  }

  el('begin').addEventListener('click', volume)
})()
