/** Every shortcut, once: what the help lists is what the keys do. `mod` is Cmd on a Mac and Ctrl elsewhere. */
export type Shortcut = { keys: readonly string[]; does: string }

export const shortcutGroups: readonly { title: string; shortcuts: readonly Shortcut[] }[] = [
  {
    title: 'Everywhere',
    shortcuts: [
      { keys: ['mod', 'K'], does: 'Go to a project, chat or page, or search what was said' },
      { keys: ['mod', '/'], does: 'Show these shortcuts' },
      { keys: ['mod', 'B'], does: 'Fold or unfold the sidebar' },
    ],
  },
  {
    title: 'In a chat',
    shortcuts: [
      { keys: ['Enter'], does: 'Send, or queue while the agent works' },
      { keys: ['Shift', 'Enter'], does: 'New line' },
      { keys: ['↑'], does: 'Earlier prompts, in an empty composer' },
      { keys: ['Esc'], does: 'Stop the turn' },
      { keys: ['Alt', '↑'], does: 'Move a waiting prompt up, with Alt ↓ down' },
      { keys: ['mod', 'Enter'], does: 'Allow what the agent asks' },
    ],
  },
]

export const isApple = (platform: string): boolean => /mac|iphone|ipad/i.test(platform)

/** `mod` in the words of the machine. */
export const keyName = (key: string, platform: string): string => (key === 'mod' ? (isApple(platform) ? '⌘' : 'Ctrl') : key)
