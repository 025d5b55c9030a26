// A customer reads a menu, orders a croissant and follows the order; what is refused says why. docs/clients.md.
import createClient from "openapi-fetch";
import type { paths } from "./ordersite.js";

const site = process.env.SITE ?? "http://127.0.0.1:8000";
const vendor = 3;
const client = createClient<paths>({ baseUrl: site });

const login = { email: "customer@example.com", password: "Waffles-4-breakfast" };
const tokens = await client.POST("/api/v1/auth/token", { body: login });
if (!tokens.data) throw new Error(`not signed in: ${tokens.error.detail}`);
const { access } = tokens.data;
client.use({ onRequest: ({ request }) => request.headers.set("Authorization", `Bearer ${access}`) });

const menu = await client.GET("/api/v1/vendors/{vendor_id}/menu", { params: { path: { vendor_id: vendor } } });
if (!menu.data) throw new Error(`no menu: ${menu.error.detail}`);
const croissant = menu.data.categories.flatMap((one) => one.products).find((one) => one.name === "Croissant au beurre");
if (!croissant) throw new Error("no croissants today");

const body = {
  vendor,
  items: [{ product: croissant.id, quantity: 2 }],
  delivery_type: "pickup" as const,
  payment_method: "cash" as const,
};
const header = { "Idempotency-Key": "breakfast-2" };
const placed = await client.POST("/api/v1/orders", { body, params: { header } });
if (!placed.data) throw new Error(`not placed: ${placed.error.detail}`);
const order_id = placed.data.orders[0]!.id;
const order = await client.GET("/api/v1/orders/{order_id}", { params: { path: { order_id } } });
if (!order.data) throw new Error(`not read: ${order.error.detail}`);
const { status, total } = order.data;
console.log(`order ${order_id}: ${status.name}, ${total.amount} ${total.currency}`);

const refused = await client.POST("/api/v1/orders", { body: { ...body, vendor: 10 ** 6 } });
if (refused.error) console.log(`refused: ${refused.error.errors[0]?.pointer}: ${refused.error.detail}`);
