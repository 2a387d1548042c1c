/** The smallest call there is, whole and streamed. */
export const hello = {
  model: "claude-sonnet-5",
  max_tokens: 500,
  messages: [{ role: "user", content: "hello" }],
};
export const streamed = { ...hello, stream: true };
