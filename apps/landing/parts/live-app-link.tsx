"use client";
import { type ReactNode, useEffect, useState } from "react";
import { runtimeConfig } from "../lib/runtime-config.ts";

/** Begins with what the build knows, and takes what the host says. */
export function LiveAppLink({
  start,
  fallback,
  className,
  children,
}: {
  start: string;
  fallback: string;
  className?: string;
  children: ReactNode;
}) {
  const [address, setAddress] = useState(start);
  useEffect(() => {
    void runtimeConfig().then(({ appUrl }) => setAddress(appUrl || fallback));
  }, [fallback]);
  return (
    <a href={address} className={className}>
      {children}
    </a>
  );
}
