/** Why a schedule is no plain five-field cron expression, or null. The parser is the one that BullMQ reads schedules with. */
export async function scheduleProblem(schedule: unknown): Promise<string | null> {
  const what = `'${String(schedule)}' is no cron schedule of five fields such as '0 4 * * *' (minute, hour, day of month, month, day of week)`;
  if (typeof schedule !== 'string' || schedule.trim().split(/\s+/).length !== 5) return `${what}.`;
  // Jenkins' H draws another time in every process.
  if (/(^|[\s,])H/i.test(schedule)) return `${what}; 'H' is not supported.`;
  const { CronExpressionParser } = await import('cron-parser');
  try {
    CronExpressionParser.parse(schedule, { tz: 'UTC' });
    return null;
  } catch (error) {
    return `${what}: ${error instanceof Error ? error.message : String(error)}.`;
  }
}
