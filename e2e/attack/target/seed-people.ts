import { seedUser, seedWorkspace } from "@audiotricks/testing/seed";

/** Alpha and beta share a workspace; gamma is another tenant, the admin of a workspace of their own; the operator knows nobody. */
export async function seedPeople(db: Parameters<typeof seedUser<object>>[0]) {
  const [alpha, beta, gamma, operator] = [
    await seedUser(db, { name: "Alpha" }),
    await seedUser(db, { name: "Beta" }),
    await seedUser(db, { name: "Gamma" }),
    await seedUser(db, { name: "Operator" }),
  ];
  const workspace = await seedWorkspace(db, { members: { [alpha]: "member", [beta]: "member" } });
  await seedWorkspace(db, { name: "Gamma's", members: { [gamma]: "admin" } });
  return { alpha, beta, gamma, operator, workspace };
}
