/** Below the labels that a project asks for: what they come to with the nodes that there are. */
export function labelHint(labels: readonly string[], nodes: readonly { name: string; labels: readonly string[] }[]): string {
  if (labels.length === 0) {
    const known = [...new Set(nodes.flatMap((node) => node.labels))].toSorted()
    return known.length === 0
      ? 'Any node. Admins give nodes labels on the page Nodes.'
      : `Any node. There are the labels ${known.join(', ')}.`
  }
  const fitting = nodes.filter((node) => labels.every((label) => node.labels.includes(label))).map((node) => node.name)
  if (fitting.length === 0) return `No node has ${labels.length === 1 ? 'this label' : 'all of these'}: chats wait until one does.`
  return `Its agents run on ${fitting.join(', ')}.`
}
