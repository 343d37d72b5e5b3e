/** Calls a route of Larder as any other program would: POST with a body, GET without one. */
export async function callLarder<Answer>(url: string, path: string, body?: object): Promise<Answer> {
  const answer = await fetch(`${url}${path}`, {
    signal: AbortSignal.timeout(30_000),
    ...(body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Answer;
}
