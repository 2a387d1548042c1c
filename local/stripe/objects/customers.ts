import { emit } from "../act.ts";
import { mergeMetadata } from "../params.ts";
import { pageOf, type Route } from "../route.ts";
import { cancelNow } from "../cycle/cancel.ts";
import { newCustomer } from "../cycle/new-customer.ts";
import type { Customer } from "../types.ts";
import { missing } from "../errors.ts";
import type { Act } from "../act.ts";

/** @throws {StripeError} 404 for unknown and for deleted customers alike. */
export async function needCustomer(act: Act, id: string, param = "customer"): Promise<Customer> {
  const customer = await act.tx.need("customer", id, param);
  if (customer.deleted) throw missing("customer", id, param);
  return customer;
}

export const customerRoutes: Route[] = [
  {
    method: "POST",
    path: "/v1/customers",
    async run(act, params) {
      const customer = newCustomer(act, params.orNull("email"));
      customer.name = params.orNull("name");
      customer.description = params.orNull("description");
      customer.metadata = params.map("metadata") ?? {};
      await act.tx.put(customer);
      await emit(act, "customer.created", customer);
      return customer;
    },
  },
  {
    method: "GET",
    path: "/v1/customers",
    run: (act, params) =>
      pageOf(act, params, { kind: "customer", url: "/v1/customers", where: { email: params.text("email") } }),
  },
  {
    method: "GET",
    path: "/v1/customers/:id",
    async run(act, _params, { id = "" }) {
      const customer = await act.tx.need("customer", id);
      return customer.deleted ? { id, object: "customer", deleted: true } : customer;
    },
  },
  {
    method: "POST",
    path: "/v1/customers/:id",
    async run(act, params, { id = "" }) {
      const customer = await needCustomer(act, id, "id");
      if (params.has("email")) customer.email = params.orNull("email");
      if (params.has("name")) customer.name = params.orNull("name");
      if (params.has("description")) customer.description = params.orNull("description");
      customer.metadata = mergeMetadata(customer.metadata, params.map("metadata"));
      await act.tx.put(customer);
      await emit(act, "customer.updated", customer);
      return customer;
    },
  },
  {
    method: "DELETE",
    path: "/v1/customers/:id",
    async run(act, _params, { id = "" }) {
      const customer = await needCustomer(act, id, "id");
      for (const subscription of await act.tx.all("subscription", { customer: id })) {
        if (subscription.ended_at === null) await cancelNow(act, subscription, { invoiceNow: false });
      }
      Object.assign(customer, {
        deleted: true,
        email: null,
        name: null,
        metadata: {},
        local: { card: null },
      });
      await act.tx.put(customer);
      await emit(act, "customer.deleted", customer);
      return { id, object: "customer", deleted: true };
    },
  },
];
