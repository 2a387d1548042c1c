import type { ReactNode } from "react";
import { site } from "../site.config.ts";
import { LiveAppLink } from "./live-app-link.tsx";

/** A link into the app, also without a script where the build knows its address. Otherwise it leads to `fallback`. */
export function AppLink({
  fallback,
  className,
  children,
}: {
  fallback: string;
  className?: string;
  children: ReactNode;
}) {
  return (
    <LiveAppLink start={site.appUrl || fallback} fallback={fallback} {...(className ? { className } : {})}>
      {children}
    </LiveAppLink>
  );
}
