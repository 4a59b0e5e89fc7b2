/**
 * Whether a provider's answer says that it refuses the key. Read alike by the check of a key
 * (`server/connections/key-check.ts`) and by the proxy (`server/proxy/metered-exchange.ts`).
 */

/** Google answers 400 to a key that it does not know. What a prompt says stands in such a body with its quotes escaped. */
const GOOGLE_REASON = /"reason"\s*:\s*"API_KEY_INVALID"/

/** @param text of the body as far as it was read; a firewall's page with a 403 says nothing about the key */
export const refusesKey = (status: number, { text, isJson }: { text: string; isJson: boolean }): boolean =>
  status === 401 || (isJson && (status === 403 || (status === 400 && GOOGLE_REASON.test(text))))
