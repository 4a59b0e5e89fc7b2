import { expect, it } from 'vitest'
import { looksSecret } from '#core/secret-names.ts'

const secrets = `password, Authorization, dbPassword, passwd, pwd, DB_PWD, smtp_pass, passCode, sshPassphrase, API key, api_key, APIKey, GITHUB_TOKEN, authtoken,
  Client secret, seed-phrase, Your PIN, user_pin, userPIN, cardPin2, otp_code, otpCode, OTPCode, totp, 2fa code, 2FA, mfa_code, cvv,
  verification code, verification_code, verificationCode, one-time code, Sign-in code, two-factor code`
const others = `name, branch, pinned, author, passing tests, passenger, opinion, shipping, country code, code style, tokenizer, max_tokens,
  maxOutputTokens, Number of tokens, keyboard`
it.each(secrets.split(/,\s+/))('%s looks like a secret', (words) => expect(looksSecret(words)).toBe(true))
it.each(others.split(/,\s+/))('%s does not', (words) => expect(looksSecret(words)).toBe(false))
