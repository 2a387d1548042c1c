/** Hands a text over as a file: a download in a browser, the share sheet on a phone. */
export async function saveFile(name: string, text: string): Promise<void> {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser reads the address after this turn; some take a moment to ask where to put the file.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
