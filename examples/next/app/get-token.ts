"use server";

/** Makes a token for whoever is signed in; here the demo's. It is a server action, so that the page can ask for a new one. */
export async function getToken(): Promise<string> {
  const companionUrl = process.env.COMPANION_URL ?? "http://127.0.0.1:3000";
  const response = await fetch(`${companionUrl}/demo/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user: "alpha" }),
    cache: "no-store",
  });
  if (!response.ok) throw new Error(`No token: ${response.status}`);
  const { token } = await response.json();
  return token;
}
