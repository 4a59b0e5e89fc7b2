/**
 * Foreign text inside a Markdown document of ours. Whatever it holds, it stays where it was put: nothing of it closes a
 * fence, opens a heading that looks like ours, or becomes HTML. Pure.
 */

/** A block of code whose fence is longer than any inside it. */
export function fenced(text: string, language = ''): string {
  const longest = Math.max(0, ...Array.from(text.matchAll(/`{3,}/g), (each) => each[0].length))
  const fence = '`'.repeat(Math.max(3, longest + 1))
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`
}

/** Every line begins with `>`, so an unclosed fence or list ends with the quotation. HTML becomes letters, except in code. */
export const quoted = (text: string): string =>
  withoutHtml(text)
    .split('\n')
    .map((line) => (line === '' ? '>' : `> ${line}`))
    .join('\n')

/** In the running text: one line, and no character that means something. */
export const inline = (text: string): string => oneLine(text).replaceAll(/[\\`*_{}[\]<>()#+\-.!|~&:]/g, (each) => `\\${each}`)

/** A name or a path as code, on one line. */
export function codeSpan(text: string): string {
  const line = oneLine(text)
  const ticks = '`'.repeat(1 + Math.max(0, ...Array.from(line.matchAll(/`+/g), (each) => each[0].length)))
  const room = line.startsWith('`') || line.endsWith('`') ? ' ' : ''
  return line === '' ? '' : `${ticks}${room}${line}${room}${ticks}`
}

/** Folded away below one line. `body` is Markdown of ours. */
export const folded = (summary: string, body: string): string =>
  `<details>\n<summary>${html(oneLine(summary))}</summary>\n\n${body}\n\n</details>`

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()
const html = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/**
 * Inside a fence HTML is code already and stays as it is. Only a fence that begins at the very left is believed to be one:
 * about any other (in a list, in a quotation) programs differ, and from there on everything is escaped.
 */
function withoutHtml(text: string): string {
  let fence: string | null = null
  let isUnclear = false
  return text
    .replaceAll(/\r\n?/g, '\n')
    .split('\n')
    .map((line) => {
      if (fence !== null) {
        const end = /^(\s*)(`{3,}|~{3,})\s*$/.exec(line)
        if (end?.[2]!.startsWith(fence)) {
          fence = null
          // Whether an indented one counts depends on what is around it.
          isUnclear ||= end[1] !== ''
        }
        return line
      }
      const opening = isUnclear ? null : /^(`{3,}(?=[^`]*$)|~{3,})/.exec(line)
      if (opening) fence = opening[1]!
      else if (/`{3}|~{3}/.test(line)) isUnclear = true
      return escaped(line)
    })
    .join('\n')
}

const escaped = (line: string): string => line.replaceAll(/<(?=[A-Za-z/!?])/g, '&lt;')
