import type { Session } from '../session.ts';
import { finding, ok, type Finding } from './check.ts';

/** Whether receipts of erasures can be kept; silent where nobody asked for it. */
export async function checkReceipts({ receipts, projectName }: Session): Promise<Finding[]> {
  const place = await receipts();
  if (place === null) return [];
  const check = 'receipts';
  const mend = 'Fix it before anybody is forgotten: larder forget is refused until then.';
  const found = await finding(check, mend, async () => {
    await place.check(await projectName());
    return ok(check, 'erasures can keep their receipts in LARDER_RECEIPTS_URL');
  });
  return [found];
}
