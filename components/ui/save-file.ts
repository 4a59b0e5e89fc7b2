/** Hands the browser a file to keep; `parts` are joined as they are. */
export function saveFile({ name, type, parts }: { name: string; type: string; parts: readonly string[] }): void {
  const url = URL.createObjectURL(new Blob([...parts], { type: `${type};charset=utf-8` }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser still reads it for a moment.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
