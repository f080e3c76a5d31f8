/**
 * Has the browser say this of notifications, and `granted` once it was asked: a headless one says `denied`, whatever it was told.
 *
 * @returns Ends it.
 */
export function permitNotifications(permission: NotificationPermission): () => void {
  let now = permission;
  const before = Object.getOwnPropertyDescriptors(Notification);
  Object.defineProperty(Notification, "permission", { configurable: true, get: () => now });
  Object.defineProperty(Notification, "requestPermission", {
    configurable: true,
    value: async () => {
      now = "granted";
      return now;
    },
  });
  return () => {
    if (before.permission) Object.defineProperty(Notification, "permission", before.permission);
    if (before.requestPermission)
      Object.defineProperty(Notification, "requestPermission", before.requestPermission);
  };
}
