import type { Act } from "../act.ts";
import { newId } from "../ids.ts";
import type { Customer } from "../types.ts";

export function newCustomer(act: Act, email: string | null): Customer {
  return {
    id: newId("cus_", 14),
    object: "customer",
    created: act.now,
    livemode: false,
    email,
    name: null,
    description: null,
    metadata: {},
    delinquent: false,
    balance: 0,
    invoice_prefix: newId("", 8).toUpperCase(),
    next_invoice_sequence: 1,
    test_clock: null,
    local: { card: null },
  };
}
