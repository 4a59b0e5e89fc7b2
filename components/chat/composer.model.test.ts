import { describe, expect, it } from 'vitest'
import { emptyChat, noUsage, type Turn } from '#core/chat/view.ts'
import {
  contextLook,
  keyIntent,
  matchingCommands,
  recallable,
  sendLook,
  type ComposerState,
  type Key,
} from '#components/chat/composer.model.ts'

const key = (name: string, over: Partial<Key> = {}): Key => ({
  key: name,
  shiftKey: false,
  altKey: false,
  metaKey: false,
  ctrlKey: false,
  isComposing: false,
  keyCode: 0,
  ...over,
})
const state = (over: Partial<ComposerState> = {}): ComposerState => ({
  text: 'hello',
  caret: 5,
  isMenuOpen: false,
  isRunning: false,
  isRecalling: false,
  hasQuestion: false,
  ...over,
})

describe('keys', () => {
  it.each([
    ['Enter sends', key('Enter'), state(), 'send'],
    ['Shift+Enter breaks the line', key('Enter', { shiftKey: true }), state(), null],
    ['Alt+Enter breaks the line', key('Enter', { altKey: true }), state(), null],
    ['Enter of an input method is its own', key('Enter', { isComposing: true }), state(), null],
    ['also in browsers that say so by code', key('Enter', { keyCode: 229 }), state(), null],
    ['Escape of an input method does not stop a turn', key('Escape', { isComposing: true }), state({ isRunning: true }), null],
    ['Cmd+Enter approves an open question', key('Enter', { metaKey: true }), state({ text: ' ', hasQuestion: true }), 'approve'],
    ['Ctrl+Enter too', key('Enter', { ctrlKey: true }), state({ text: '', hasQuestion: true }), 'approve'],
    ['but never while something is typed', key('Enter', { metaKey: true }), state({ hasQuestion: true }), 'send'],
    ['Escape stops what runs', key('Escape'), state({ isRunning: true }), 'stop'],
    ['and nothing else', key('Escape'), state(), null],
    ['Up in an empty field recalls', key('ArrowUp'), state({ text: '', caret: 0 }), 'recall-older'],
    ['Up in a text moves the caret', key('ArrowUp'), state({ caret: 0 }), null],
    ['Up at the start of a recalled text goes on', key('ArrowUp'), state({ isRecalling: true, caret: 0 }), 'recall-older'],
    ['Down at its end comes back', key('ArrowDown'), state({ isRecalling: true, caret: 5 }), 'recall-newer'],
    ['Down inside it moves the caret', key('ArrowDown'), state({ isRecalling: true, caret: 2 }), null],
    ['an open menu takes Enter', key('Enter'), state({ isMenuOpen: true }), 'menu-choose'],
    ['and Escape, before the turn does', key('Escape'), state({ isMenuOpen: true, isRunning: true }), 'menu-close'],
    ['and the arrows', key('ArrowDown'), state({ isMenuOpen: true }), 'menu-next'],
    ['a letter is a letter', key('a'), state(), null],
  ])('%s', (_, pressed, now, intent) => expect(keyIntent(pressed, now)).toBe(intent))
})

describe('commands', () => {
  const commands = [
    { name: 'review', description: '' },
    { name: 'preview', description: '' },
    { name: 'init', description: '' },
  ]
  it.each([
    ['/', ['review', 'preview', 'init']],
    ['/re', ['review', 'preview']],
    ['/INI', ['init']],
    ['/nothing', null],
    ['/review now', null],
    ['say /re', null],
    ['', null],
  ])('%j offers %j', (text, names) => expect(matchingCommands(text, commands)?.map((each) => each.name) ?? null).toEqual(names))
})

const turn = (by: string, text: string, status: Turn['status'] = 'completed'): Turn => ({
  turnId: text as Turn['turnId'],
  by: by as Turn['by'],
  prompt: [{ type: 'text', text }],
  requestedAt: '',
  acceptedAt: null,
  endedAt: null,
  status,
  items: [],
  failure: null,
  openFailure: null,
  endedAs: null,
  cancelledBy: null,
  usage: noUsage,
  changes: null,
  progress: null,
})

it('recalls my own prompts, newest first and once', () => {
  expect(recallable([turn('me', 'a'), turn('mei', 'x'), turn('me', 'b'), turn('me', 'a')], 'me')).toEqual(['a', 'b'])
})

describe('the send button', () => {
  it('queues behind anything that is under way', () => {
    expect(sendLook({ view: emptyChat, text: 'x', whyNot: null })).toEqual({ label: 'Send', isPossible: true, why: null })
    const busy = { ...emptyChat, turns: [turn('me', 'a', 'running')] }
    expect(sendLook({ view: busy, text: ' ', whyNot: null })).toEqual({ label: 'Queue', isPossible: false, why: null })
    expect(sendLook({ view: busy, text: 'x', whyNot: 'Archived' })).toEqual({ label: 'Queue', isPossible: false, why: 'Archived' })
  })
})

it('warns before the context is full', () => {
  const at = (usedTokens: number) => contextLook({ usedTokens, sizeTokens: 100 })
  expect([at(10)?.tone, at(75)?.tone, at(95)?.tone, at(120)?.percent]).toEqual(['quiet', 'warn', 'bad', 100])
  expect([contextLook(null), contextLook({ usedTokens: 1, sizeTokens: 0 })]).toEqual([null, null])
})
