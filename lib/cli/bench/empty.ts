/** What a function costs that does nothing: the others are measured over it. */
export const handler = async (): Promise<void> => {};
