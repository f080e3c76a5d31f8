const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether PostgreSQL takes it for an id, in the form in which ids are written. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
