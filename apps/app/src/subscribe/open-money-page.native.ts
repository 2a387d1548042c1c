import * as WebBrowser from "expo-web-browser";

/** Opens the payment page above the app and answers when it was closed. */
export async function openMoneyPage(url: string): Promise<void> {
  await WebBrowser.openBrowserAsync(url);
}
