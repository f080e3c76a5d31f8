/** The stylesheet has nothing to import by name. */
export {};
