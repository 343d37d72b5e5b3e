import type { AfterApply } from '@larder/registry';
import type { Output } from '../output/output.ts';

export function printPromotions({ promotions }: Pick<AfterApply, 'promotions'>, out: Output): void {
  for (const { model, version, promoted } of promotions)
    out.line(
      promoted
        ? `${model}@${version} is complete and promoted to champion.`
        : `${model}@${version} is promoted to champion when it is complete: larder models ${model}`,
    );
}
