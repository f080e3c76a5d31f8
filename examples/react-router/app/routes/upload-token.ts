/** A token for whoever is signed in; here the demo's. */
export async function loader() {
  const companionUrl = process.env.COMPANION_URL ?? "http://127.0.0.1:3000";
  const response = await fetch(`${companionUrl}/demo/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user: "alpha" }),
  });
  if (!response.ok) return new Response(null, { status: 502 });
  const { token } = await response.json();
  return new Response(token, { headers: { "cache-control": "no-store" } });
}
