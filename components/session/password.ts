/** What the server asks of a password; said before somebody types one. */
export const PASSWORD_MIN = 10
