/** The objects of v2 that the stand-in keeps: moments as ISO text. */
import type { Metadata } from "./types.ts";

/** Where thin events go: ids and types alone, the data is asked for. */
export interface EventDestination {
  id: string;
  object: "v2.core.event_destination";
  created: string;
  livemode: false;
  name: string;
  description: string;
  type: "webhook_endpoint";
  event_payload: "thin";
  enabled_events: string[];
  events_from: string[];
  status: "enabled";
  metadata: Metadata;
  webhook_endpoint: { url: string };
  local: { secrets: string[] };
}

export interface ThinEvent {
  id: string;
  object: "v2.core.event";
  type: string;
  created: string;
  livemode: false;
  related_object: { id: string; type: string; url: string };
  /** Not in what is delivered. */
  data: unknown;
}
