import { Share } from "react-native";
import { ApiError } from "../session/api.ts";

/** Android hands shared text over in one piece of at most a megabyte, of two bytes a character. */
const MAX_CHARS = 400_000;

/** @throws {ApiError} with a sentence when the file is too large to be shared as text. */
export async function saveFile(name: string, text: string): Promise<void> {
  if (text.length > MAX_CHARS)
    throw new ApiError(
      "too_large",
      "This month is too long to share from a phone. Download it in a browser.",
      {
        retryable: false,
      },
    );
  await Share.share({ title: name, message: text });
}
