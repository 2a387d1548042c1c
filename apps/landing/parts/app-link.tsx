"use client";
import { type ReactNode, useEffect, useState } from "react";
import { runtimeConfig } from "../lib/runtime-config.ts";

/** A link into the app. Until (or unless) its address is known it leads to `fallback`. */
export function AppLink({
  fallback,
  className,
  children,
}: {
  fallback: string;
  className?: string;
  children: ReactNode;
}) {
  const [address, setAddress] = useState(fallback);
  useEffect(() => {
    void runtimeConfig().then(({ appUrl }) => setAddress(appUrl || fallback));
  }, [fallback]);
  return (
    <a href={address} className={className}>
      {children}
    </a>
  );
}
