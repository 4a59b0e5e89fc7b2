import { expect, it } from 'vitest'
import { labelHint } from '#components/projects/node-labels.model.ts'

const nodes = [
  { name: 'attic', labels: ['gpu'] },
  { name: 'cellar', labels: ['eu', 'gpu'] },
]

it.each([
  [[], nodes, 'Any node. There are the labels eu, gpu.'],
  [[], [], 'Any node. Admins give nodes labels on the page Nodes.'],
  [['gpu'], nodes, 'Its agents run on attic, cellar.'],
  [['eu', 'gpu'], nodes, 'Its agents run on cellar.'],
  [['arm'], nodes, 'No node has this label: chats wait until one does.'],
  [['arm', 'eu'], nodes, 'No node has all of these: chats wait until one does.'],
] as const)('says of %j', (labels, has, hint) => expect(labelHint(labels, has)).toBe(hint))
