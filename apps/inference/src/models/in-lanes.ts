/** Does the work for each name, `lanes` at a time, and throws the first failure once nothing is running. */
export async function inLanes(
  names: readonly string[],
  lanes: number,
  work: (name: string) => Promise<void>,
): Promise<void> {
  const left = names.values();
  const lane = async (): Promise<void> => {
    for (const name of left) await work(name);
  };
  const ended = await Promise.allSettled(Array.from({ length: lanes }, lane));
  const broken = ended.find((outcome) => outcome.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
}
