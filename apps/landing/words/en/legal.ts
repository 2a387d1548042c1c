/** Legal pages in English. They describe what the software does; who runs it fills in name and address. */
export interface LegalPage {
  title: string;
  description: string;
  lead: string;
  sections: { title: string; text: string[] }[];
}
export const legal = {
  unnamed: "Whoever runs this installation has not entered a name and address yet.",
  operator: "Who is responsible",
  write: "Write to",
  updated: "As of 30 November 2026",
  privacy: {
    title: "Privacy",
    description: "Which data Molt-OS stores, why, for how long, and who else sees it.",
    lead: "Which data is stored, why, and who else sees it.",
    sections: [
      {
        title: "When you read these pages",
        text: [
          "No cookies and no counting. The host that delivers the pages sees your IP address, as every web server does.",
        ],
      },
      {
        title: "On the waitlist",
        text: [
          "Your e-mail address, your language, when you joined, confirmed and were invited, your referral code and whose you came with, and where you came from if the link said so. An address that is never confirmed is deleted after 14 days, a confirmed entry when you remove it, or with the list. For a day our server also remembers, without writing it down, how much came from your network address, so that nobody floods the list. Of an address that was removed a keyed hash stays for 90 days, so that nobody else can go on entering it. Every mail carries a link that deletes the entry at once.",
        ],
      },
      {
        title: "When you have a bot",
        text: [
          "Your e-mail address, your messages and the bot’s answers, the record of each call to a model (time, model, tokens, price), the last picture of the bot’s mind, and which mails we sent you. They are needed to give you the service, and kept as long as the account. With each sign-in the sign-in service keeps your IP address and which browser you use, until you sign out. Mails we sent are forgotten after 30 days. The bot’s files lie on a disk of its own.",
        ],
      },
      {
        title: "Who else receives data",
        text: [
          "Stripe, for payment. The host of the machines. The host of the database and of sign-in. The provider that delivers mail. The model provider that your bot uses, which receives what the bot sends to it. Nobody else, and nothing is sold.",
        ],
      },
      {
        title: "On what grounds",
        text: [
          "The waitlist: your consent (Art. 6(1)(a) GDPR), which you can take back at any time with the link in each mail. The account, the bot and the bill: our contract with you (Art. 6(1)(b)). Invoices: the law (Art. 6(1)(c)). Keeping abuse away, IP addresses included: our legitimate interest (Art. 6(1)(f)), to which you can object.",
          "Some of those who receive data work outside the European Union, most of them in the USA. On which ground each of them does, an adequacy decision or standard contractual clauses, you learn at the address below.",
        ],
      },
      {
        title: "Your rights",
        text: [
          "You can ask what is stored about you, have it corrected, restricted or deleted, receive a copy of it, object to its use, and take back a consent. An account is deleted in the settings of the app; invoices, with the name on them, and the monthly sums behind them, without a name, are kept as long as the law asks. For all else write to the address below. You may also complain to your data protection authority.",
        ],
      },
    ],
  } satisfies LegalPage as LegalPage,
  terms: {
    title: "Terms",
    description: "What you get, what it costs, and what is not allowed.",
    lead: "What you get, what it costs, and what is not allowed.",
    sections: [
      {
        title: "What you get",
        text: [
          "One bot in a machine of its own for as long as the plan is paid, and the tokens that it uses at the model provider’s price × 1.2.",
        ],
      },
      {
        title: "What it costs",
        text: [
          "$50 a month, in advance, plus the tokens used, afterwards. You can cancel at any time to the end of the month you paid for.",
        ],
      },
      {
        title: "When a payment fails",
        text: ["The bot is paused until the payment succeeds. Its data is kept while it is paused."],
      },
      {
        title: "What is not allowed",
        text: [
          "Attacking others, sending unwanted mail, mining cryptocurrency, breaking the law, or breaking the terms of the model provider that your bot uses. We may stop a bot that does any of it.",
        ],
      },
      {
        title: "What we do not promise",
        text: [
          "A bot acts on the words of a language model, and such models err. Check what matters before you rely on it. There is no guaranteed availability.",
        ],
      },
    ],
  } satisfies LegalPage as LegalPage,
  imprint: {
    title: "Imprint",
    description: "Who answers for this installation of Molt-OS.",
    lead: "Who answers for these pages and for the service behind them.",
    sections: [],
  } satisfies LegalPage as LegalPage,
};
export type LegalWords = typeof legal;
