/** What screens ask of expo-router, for component tests: links that go nowhere, a place that stays. */
import type { ReactNode } from "react";

export const Link = ({ children }: { children?: ReactNode }) => children;
export const Redirect = ({ href }: { href: string }) => <span data-testid="redirect">{href}</span>;
export const usePathname = () => "/";
export const useLocalSearchParams = () => ({});
/** Where screens led to since the test cleared it. */
export const went: string[] = [];
const go = (href: string) => void went.push(href);
export const useRouter = () => ({ push: go, replace: go });
/** `expo-router/head` answers with a default export. */
// oxlint-disable-next-line import/no-default-export -- the module it stands in for has one
export default function Head() {
  return null;
}
