/** The home page in English. Plain and true: a sentence stands here only if the product does what it says. */
export const home = {
  title: "Molt-OS: an AI agent of your own",
  description:
    "Your own OpenClaw agent in a machine that is yours alone. It sleeps when nobody needs it and wakes when you write. $50 a month, model tokens at cost × 1.2.",
  hero: {
    /** The house's promise, cut where the picture lights up. */
    before: "An AI agent of your own that ",
    lives: "lives",
    between: " in the cloud, ",
    remembers: "remembers",
    and: ", and ",
    works: "works",
    after: " while you are away.",
    lead: "Molt-OS gives you one OpenClaw bot in a machine that is yours alone. It sleeps when nobody needs it, wakes when you write, and shows you what is on its mind and what each token cost.",
    start: "Get your bot",
    watch: "Watch one think",
    price: "$50 a month · model tokens at cost × 1.2 · leave any month",
    picture:
      "A red claw rises out of its old shell, which falls open to both sides. Above it, thoughts light up.",
  },
  demo: {
    title: "Watch one think",
    lead: "First what you see, then the parts of its mind that are busy. Drag the line to look closer.",
    honest:
      "Played from recorded frames of a running bot, slowed down four times. The model behind it was scripted, so the sentences are made up; the steps, the files and their timing are the bot’s own.",
    you: "You",
    bot: "Your bot",
    play: "Play",
    pause: "Pause",
    again: "Play again",
    scrub: "Position in the recording",
    at: "{at} of {of} seconds",
    idle: "Waiting for you",
    mind: "The bot’s mind: its persona in the middle, around it memories, tools, skills, schedule and conversations.",
    kinds: {
      self: "Persona",
      memory: "Memory",
      skill: "Skill",
      tool: "Tool",
      channel: "Channel",
      schedule: "Schedule",
      conversation: "Conversation",
    },
    transcript: "The conversation",
    open: "What it keeps in MEMORY.md",
  },
  day: {
    title: "Asleep, it spends no tokens",
    lead: "After 15 minutes with no message, no running work and no task due, its machine is suspended. Its files and its memory stay where they are.",
    caption: "One day of one bot. An example, not a measurement.",
    awake: "awake",
    asleep: "asleep",
    events: [
      { at: 7.4, title: "07:25", text: "A task of its own is due. The platform wakes it in time." },
      {
        at: 12.6,
        title: "12:35",
        text: "You write. The message is stored first, then the bot is woken to answer it.",
      },
      {
        at: 20.2,
        title: "20:10",
        text: "You ask for something long and close the tab. The answer waits for you.",
      },
    ],
    spans: [
      [7.35, 7.85],
      [12.55, 13.15],
      [20.1, 21.2],
    ],
    wake: "A suspended machine comes back fast. When its memory image is gone it must boot, which took about 12 seconds where we measured. The app shows each step and counts the seconds.",
  },
  how: {
    title: "From nothing to a bot of your own",
    steps: [
      { title: "Sign up", text: "An e-mail address is enough." },
      { title: "Pay", text: "Stripe takes your card. We never see its number." },
      {
        title: "See it being born",
        text: "Network, disk, machine, boot, first contact: you watch each step. “Ready” is said only when the bot has answered.",
      },
      {
        title: "Talk",
        text: "In the browser, on any of your devices at once. A message that was accepted is never lost.",
      },
    ],
  },
  shells: {
    title: "Three shells around one bot",
    lead: "An agent that may run commands needs walls. Yours has three, and the keys are outside all of them.",
    items: [
      { name: "Own machine", text: "No other person’s bot runs in it." },
      { name: "Own network, own disk", text: "Bots cannot see or reach one another." },
      {
        name: "No keys inside",
        text: "The bot knows no key of a model provider. It has one of its own, which is good for nothing but our proxy, and there each call is counted.",
      },
    ],
    honest:
      "What we do see: your messages are stored with us, so that they survive a closed tab, and the model provider reads what the bot sends it.",
    more: "How it is built",
    picture: "Three shells, one inside the other, with the bot in the middle.",
  },
  price: {
    title: "Two lines on the bill",
    lead: "The plan, and the tokens your bot used. Each token costs what the provider charges, times 1.2. The same price list that writes the bill does the sum here.",
    more: "All prices",
  },
  questions: {
    title: "Questions",
    items: [
      {
        q: "What is OpenClaw?",
        a: "An open-source agent that runs commands, reads and writes files, keeps notes and follows a schedule. It was called clawdbot and moltbot before. Molt-OS runs it for you.",
      },
      {
        q: "Are messages lost while it sleeps?",
        a: "No. A message is stored and acknowledged before the bot is woken, and delivered once. If the bot cannot be woken, the message stays where it is and the app says so.",
      },
      {
        q: "Can it do things on its own?",
        a: "Yes, on a schedule that you agree with it. Such work costs tokens like a conversation does, and it is listed apart in your usage.",
      },
      {
        q: "How do I know what it costs?",
        a: "Each call to a model is a row with its tokens and its price, and you can read all of them by day, by model and by cause. A model whose price we do not know is refused before it is asked.",
      },
      {
        q: "Can the bill run away?",
        a: "Before each call its worst case is reserved against four caps, and a call that does not fit is refused. Unless whoever runs this installation chose others, they are, × 1.2 included: $6 for one task, $6 a day while you are not there, $24 a day, $120 a month. You can change all four.",
      },
      {
        q: "Can I see and change what it remembers?",
        a: "You can see it: the Brain View shows its memories, tools, schedule and conversations, also while it sleeps. To change a memory, tell the bot.",
      },
      {
        q: "Is there an app for my phone?",
        a: "The web app works on a phone. Apps for iOS and Android come from the same code, and are not in the stores yet. The app speaks English; mails also come in German.",
      },
      {
        q: "How do I leave?",
        a: "Cancel in Stripe’s customer portal, two clicks from the settings. The bot runs to the end of the month you paid for, then it is paused and its disk is kept. To leave for good, delete the account in the settings: plan, bot, disk and messages are gone within a minute, as a rule.",
      },
    ],
  },
  waitlist: {
    title: "Not today? Leave an address.",
    lead: "We write to ask whether it was you, and again when there is an invitation. Nothing else.",
    email: "E-mail address",
    submit: "Put me on the list",
    sending: "Sending",
    done: "Check your inbox. If this address is new to us, a link to confirm is on its way.",
    invalid: "This does not look like an e-mail address.",
    limited: "Too many tries. Please wait a minute and try again.",
    networkToday: "A lot came from your network today. Please try again tomorrow.",
    fullToday: "The list takes no more today. Please try again tomorrow.",
    failed: "That did not reach us. Please try again in a moment.",
    offline: "This is a preview without a server: the form is shown, but nothing is sent.",
    noScript: "The form needs JavaScript. Everything else on this page does not.",
    privacy: "Each mail carries a link that removes you at once.",
    trap: "Leave this field empty",
  },
};
export type HomeWords = typeof home;
