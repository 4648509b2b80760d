// A quiz of six sounds, each with four meanings to choose from, after a volume check.
(() => {
  'use strict'
  const QUESTIONS = 6, CHOICES = 4, GAIN_STEP = 2, MAX_LOUDER = 3
  const el = id => document.getElementById(id), sound = window.station_sound
  const sounds = [...document.querySelectorAll('[data-cue]')].map(one => ({
    means: one.dataset.means, rhythm: one.dataset.rhythm,
    tones: JSON.parse(one.querySelector('button').dataset.tones), soft: 'soft' in one.querySelector('button').dataset,
  }))
  const longToneIndex = sounds.findIndex(one => one.tones.length === 1)
  let questions = [], at = 0, correctCount = 0, louderCount = 0

  const play = async one => { if (await sound.resumeAudio()) sound.play(one.tones, one.soft) }
  function ask(words, ...buttons) {
    el('quiz-question').textContent = words
    el('answers').replaceChildren(...buttons.map(([label, act, kind]) => {
      const button = document.createElement('button')
      Object.assign(button, { type: 'button', textContent: label, className: kind || '' })
      button.addEventListener('click', act)
      return button
    }))
    el('quiz-question').focus()
  }
  const showResult = words => { el('quiz-result').textContent = words }
  function sample(list, count) {
    const remaining = [...list]
    return Array.from({ length: Math.min(count, remaining.length) }, () => remaining.splice(Math.floor(Math.random() * remaining.length), 1)[0])
  }

  function checkVolume() {
    showResult('')
    play(sounds[longToneIndex])
    ask('A long tone. Can you hear it?',
      ['Yes', begin, 'primary'],
      ...(louderCount < MAX_LOUDER ? [['No, louder', () => { louderCount += 1; sound.gainFactor *= GAIN_STEP; checkVolume() }]] : []),
      ['Play again', checkVolume])
    if (louderCount === MAX_LOUDER) showResult('This is the loudest this page can play. Turn up the volume of your phone or computer. The drawings, the live page and the board’s light show the same without sound.')
  }
  function begin() {
    showResult('')
    questions = sample(sounds, QUESTIONS)
    at = correctCount = 0
    next()
  }
  function next() {
    const played = questions[at], others = sample(sounds.filter(one => one !== played), CHOICES - 1)
    showResult('')
    play(played)
    ask(`Question ${at + 1} of ${questions.length}: what does it mean?`,
      ...sample([played, ...others], CHOICES).map(one => [one.means, () => answer(one)]),
      ['▶ Play again', () => play(played), 'replay'])
  }
  function answer(chosen) {
    const played = questions[at], it = `${played.means}: ${played.rhythm}.`
    if (chosen === played) correctCount += 1
    else play(played)
    at += 1
    const last = at === questions.length
    ask(chosen === played ? 'Right.' : 'Not this one. Listen again:',
      ['▶ Play again', () => play(played), 'replay'],
      [last ? 'Show my result' : 'Next question', last ? result : next, 'primary next-question'])
    showResult(it)
  }
  function result() {
    const all = correctCount === questions.length
    ask(`${correctCount} of ${questions.length} correct.`, ['Six new questions', begin, 'primary'])
    showResult(all ? 'You are ready for a routine with your eyes on the wall.'
      : 'You will pick up the others as you go: the live page names each sound while it plays, and all of them are listed above.')
  }

  el('begin').addEventListener('click', checkVolume)
})()
