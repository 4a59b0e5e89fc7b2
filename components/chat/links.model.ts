const opened = new Set(['http:', 'https:', 'mailto:'])

/** The address of a link that an agent wrote, when it is one that may be followed; null for paths, scripts and data. */
export function whereLeads(href: string | undefined): string | null {
  if (!href) return null
  try {
    const url = new URL(href)
    return opened.has(url.protocol) ? url.href : null
  } catch {
    return null
  }
}
