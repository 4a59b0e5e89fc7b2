/**
 * The door for `server/primitives`, which writes the same rows one by one: what is held meanwhile, what a secret makes
 * of its row, and what is destroyed with it. Nobody else needs it; other nouns ask `service.ts`.
 */
export { holdAttachment, holdCredentials, holdMember, holdPlace } from '#server/connections/holds.ts'
export { checkedColumns, destroyUnattached, isSameSort, type Checked } from '#server/connections/place-store.ts'
export { findUserNames, kindColumns, scopeKeyOf, toCredential, type CredentialRow, type Tx, type Whole } from '#server/connections/store.ts'
export { factsOfSecret, judgeSecretOf } from '#server/connections/validation.ts'
