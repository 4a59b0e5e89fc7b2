import { expect, it } from 'vitest'
import { emptyDraft, taskOf } from '#components/tasks/new-task.model.ts'

const wish = { harness: 'codex', model: null, branch: ' feature/x ' }
const issue = '# Fix it\n\nNow.\n\n- [ ] one\n- [x] two\n- [ ] three'

it('makes a task of what was written', () => {
  expect(taskOf(emptyDraft)).toBe(null)
  expect(taskOf({ ...emptyDraft, title: ' Fix it ', instructions: ' Now. ', issue, dueOn: '2030-01-02', assigneeId: 'ada', wish })).toEqual(
    {
      title: 'Fix it',
      instructions: 'Now.',
      subtasks: [],
      assigneeId: 'ada',
      dueOn: '2030-01-02',
      harness: 'codex',
      model: null,
      branch: 'feature/x',
    },
  )
})

it('makes a task of an issue, with its open parts, unless somebody chose others', () => {
  const pasted = { ...emptyDraft, way: 'issue' as const, issue }
  expect(taskOf(pasted)).toMatchObject({
    title: 'Fix it',
    instructions: 'Now.\n\n- [ ] one\n- [x] two\n- [ ] three',
    subtasks: ['one', 'three'],
  })
  expect(taskOf({ ...pasted, issueTitle: 'Mend it', chosenParts: new Set([1]) })).toMatchObject({ title: 'Mend it', subtasks: ['two'] })
  expect(taskOf({ ...pasted, issueTitle: ' ' })).toBe(null)
})
