/**
 * Why a request does not reach its provider on account of its model, in words that the harness shows. Nothing of it gets
 * better by asking again, so the status is one that no harness tries again.
 * From: `handler.ts`.
 */
import type { ModelVerdict } from '#core/models/catalog.ts'
import type { Refusal } from '#server/proxy/kept-answer.ts'

const STATUS = 403

export function refusalOf(asked: string, { code, successor }: Extract<ModelVerdict, { ok: false }>): Refusal {
  const model = `The model "${asked.slice(0, 100)}"`
  switch (code) {
    case 'model.retired': {
      const next = successor ? `Its successor is ${successor}. Choose that one in Gatehouse.` : 'Choose another in Gatehouse.'
      return { status: STATUS, code, message: `${model} has been retired. ${next}`, ...(successor && { facts: { successor } }) }
    }
    case 'model.unpriced':
      return {
        status: STATUS,
        code,
        message: `${model} has no price, and your team uses none without one. Choose another in Gatehouse, or ask an admin to price it under Models.`,
      }
    default:
      return {
        status: STATUS,
        code,
        message: `${model} is not one of those that this chat's connection allows. Choose another in Gatehouse.`,
      }
  }
}
