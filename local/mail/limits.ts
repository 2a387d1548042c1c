/** The bounds of the mailbox. */
export const limits = {
  /** The oldest mail goes when one more arrives. */
  mails: 1_000,
  mailBytes: 1024 * 1024,
  recipients: 100,
  smtpConnections: 50,
  watchers: 50,
  /** How many mails one list shows; older ones are a page further. */
  page: 50,
} as const;
