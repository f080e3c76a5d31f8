/** Asks your own server for a token of whoever is signed in; here the demo's, by the proxy in vite.config.ts. */
export async function getToken(): Promise<string> {
  const response = await fetch("/demo/token", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user: "alpha" }),
  });
  if (!response.ok) throw new Error(`No token: ${response.status}`);
  const { token } = await response.json();
  return token;
}
